import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modulo, ShardedDataSource, sqlTopology } from '../../../src';
import { ReshardStoppedError, ShardError } from '../../../src/errors';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { type PrivateServer, runSql, serverKinds, startServer, waitUntil } from '../../database';
import { Topic } from './fixtures/entities';

jest.setTimeout(120_000);

describeOn(serverKinds, 'While a shard is down', (kind) => {
  const directory = mkdtempSync(join(tmpdir(), 'lost-shard-'));
  let servers: readonly PrivateServer[];
  let cluster: ShardedDataSource;
  const change = { placement: modulo(['s1', 's2']) };

  beforeAll(async () => {
    servers = await Promise.all([startServer(kind), startServer(kind)]);
    await Promise.all(servers.map((server) => runSql(server, ['create database app'])));
    const place = ({ host, port, username, password }: PrivateServer) => ({ host, port, username, password, database: 'app' });
    cluster = new ShardedDataSource({
      type: kind,
      entities: [Topic],
      synchronize: true,
      placement: modulo(['s1']),
      shards: servers.map((server, index) => ({ name: `s${index + 1}`, ...place(server) })),
      topology: sqlTopology({ type: 'better-sqlite3', database: join(directory, 'topology.sqlite'), pollMs: 50 }),
      resharding: { routeLeaseMs: 400, refreshMs: 50, idleTimeoutMs: 1_000, disarmMarginMs: 0 },
    });
    await cluster.initialize();
    await cluster.reshard.provision();
    await cluster.getRepository(Topic).save(Array.from({ length: 40 }, (_, index) => ({ id: String(index), value: index })));
  });

  afterAll(async () => {
    await cluster?.destroy();
    await Promise.all((servers ?? []).map((server) => server.stop()));
    rmSync(directory, { recursive: true });
  });

  const isUp = async () => (await cluster.health()).every(({ status }) => status === 'up');
  const faultOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('plan and start name it, a run stops and names it, and all can be done again when it is back', async () => {
    const [, lost] = servers as [PrivateServer, PrivateServer];
    const back = async () => {
      await lost.restart();
      await waitUntil(isUp, { what: 'both shards to be up' });
    };
    await lost.kill('SIGKILL');
    expect(await faultOf(cluster.reshard.plan(change))).toMatchObject({ code: 'ERR_SHARD_FAILED', shard: 's2' });
    await back();

    const plan = await cluster.reshard.plan(change);
    await lost.kill('SIGKILL');
    const notStarted = await faultOf(cluster.reshard.start(plan));
    expect(notStarted).toBeInstanceOf(ShardError);
    expect(notStarted).toMatchObject({ shard: 's2' });
    expect(await cluster.reshard.status()).toBeNull();
    await back();

    const run = await cluster.reshard.start(plan, { chunkRows: 10 });
    await run.pause();
    await waitUntil(() => run.progress.phase === 'moving', { what: 'that rows may move' });
    await lost.kill('SIGKILL');
    const stopped = faultOf(run.finished);
    await run.continue();
    expect(await stopped).toBeInstanceOf(ReshardStoppedError);
    expect(await stopped).toMatchObject({ shard: 's2' });
    await back();

    await (await cluster.reshard.resume()).finished;
    expect(await cluster.reshard.audit()).toMatchObject({ isWell: true });
    expect(await cluster.shard('s2').dataSource.getRepository(Topic).count()).toBe(20);
  });
});
