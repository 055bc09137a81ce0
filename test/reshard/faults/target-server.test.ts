import { randomBytes } from 'node:crypto';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { type PrivateServer, runSql, type ServerKind, serverKinds, startServer } from '../../database';
import { GROW, NotesCluster, stopOf, WELL } from './fixtures';
import { canMount, SmallDisk } from './small-disk';

const NOTES = 24;
/** Long enough that a chunk of them does not fit into what tables have in reserve. */
const BODY = randomBytes(30_000).toString('hex');
/** Enough for the files that a new server makes. */
const DISK_MB: Readonly<Record<ServerKind, number>> = { mariadb: 260, postgres: 160 };

describeOn(serverKinds, 'A run whose target has a server of its own', (kind) => {
  let disk: SmallDisk;
  let server: PrivateServer;
  let notes: NotesCluster;

  beforeAll(async () => {
    disk = SmallDisk.mount(DISK_MB[kind]);
    const { TEST_FILES } = process.env;
    try {
      process.env.TEST_FILES = disk.folder;
      server = await startServer(kind);
    } finally {
      if (TEST_FILES === undefined) delete process.env.TEST_FILES;
      else process.env.TEST_FILES = TEST_FILES;
    }
    await runSql(server, ['create database target']);
    const { host, port, username, password } = server;
    notes = await NotesCluster.start(kind, { shards: { s3: { host, port, username, password, database: 'target' } } });
    await notes.fill(NOTES, BODY);
  }, 120_000);

  afterAll(async () => {
    await notes?.stop();
    await server?.stop();
    disk?.unmount();
  });

  it('is refused by an error that names it while the server is down, also when it goes after the plan', async () => {
    const plan = await notes.cluster.reshard.plan(GROW);
    await server.kill('SIGKILL');
    const fault = { code: 'ERR_SHARD_FAILED', shard: 's3', cause: expect.anything() };
    await expect(notes.cluster.reshard.plan(GROW)).rejects.toMatchObject(fault);
    await expect(notes.cluster.reshard.start(plan)).rejects.toMatchObject(fault);
    await expect(notes.cluster.reshard.audit()).rejects.toMatchObject(fault);
    await expect(notes.cluster.reshard.verify()).rejects.toMatchObject(fault);
    await expect(notes.cluster.reshard.provision()).rejects.toMatchObject(fault);
    expect(await notes.cluster.reshard.status()).toBeNull();
    expect(await notes.unserved(NOTES, 1)).toEqual([]);
    await server.restart();
  });

  const itOnDisk = canMount() ? it : it.skip;

  itOnDisk(
    'stops while its disk is full, with every row on its source, and goes on when there is room',
    async () => {
      const run = await notes.paused(GROW, { workers: 1 });
      const free = await disk.fill();
      try {
        await run.continue();
        const stopped = await stopOf(run);
        expect(stopped).toMatchObject({ shard: 's3', cause: { code: 'ERR_SHARD_FAILED', shard: 's3', driverCode: expect.any(String) } });
        expect(run.progress.movedRows).toBe(0);
        expect(await notes.unserved(NOTES, 2)).toEqual([]);
      } finally {
        await free();
      }
      // MariaDB gives up altogether on a full disk.
      await server.restart();
      expect(await (await notes.cluster.reshard.resume()).finished).toMatchObject({ outcome: 'done' });
      expect(await notes.unserved(NOTES, 3)).toEqual([]);
      expect(await notes.faults()).toEqual(WELL);
    },
    60_000,
  );
});
