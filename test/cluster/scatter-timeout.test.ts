import { AsyncResource } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { DataSource, type DataSourceOptions, In, MoreThanOrEqual, type QueryRunner, Raw } from 'typeorm';
import {
  ScatterBudgetError,
  type ScatterCallOptions,
  ShardedDataSource,
  type ShardedDataSourceOptions,
  ShardsFailedError,
} from '../../src';
import type { StatementCanceller } from '../../src/cluster/statement-canceller';
import { createDatabases, databaseKinds, type PrivateServer, runSql, serverKinds, startServer, waitUntil } from '../database';
import { Account, Note, someAccounts } from '../repository/fixtures/account';
import { openTestCluster, type TestCluster } from '../repository/fixtures/test-cluster';
import { countAllConnections } from './fixtures/clusters';
import { describeOn } from './fixtures/describe-on';
import { connectionIds, failingOn, runningStatements, slowOn, untilRunning } from './fixtures/server-statements';

describeOn(serverKinds, 'The time of a call to several shards', (kind) => {
  let test: TestCluster;
  let ids: readonly string[];

  const accounts = (limits: ScatterCallOptions) => test.cluster.getRepository(Account).withScatter(limits);
  /** A condition of every account that takes a minute on the shard named. */
  const slow = (shard: string) => ({ name: Raw((name) => `(${name} <> '' AND ${slowOn(kind, shard)})`) });

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], shards: 3, options: { poolSize: 1 } });
    await test.cluster.getRepository(Account).save(someAccounts());
    ids = await connectionIds(test.cluster, kind);
  });
  // Whatever a test ended, nothing runs on and the pools' only connections serve as before.
  afterEach(async () => {
    await untilRunning(test.cluster, 0);
    expect(await connectionIds(test.cluster, kind)).toEqual(ids);
    expect(await test.cluster.getRepository(Account).count()).toBe(12);
  });
  afterAll(() => test?.stop());

  it('ends a read, names the shards without an answer, and leaves nothing running', async () => {
    const error: unknown = await accounts({ timeoutMs: 3_000 })
      .findBy(slow('s2'))
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ScatterBudgetError);
    expect(error).toMatchObject({
      operation: 'find',
      entity: 'Account',
      budget: 'timeoutMs',
      limit: 3_000,
      unanswered: ['s2'],
      retryable: true,
    });
  });

  it('ends reads of every kind', async () => {
    const limited = accounts({ timeoutMs: 100 });
    const where = slow('s3');
    const calls = [
      () => limited.findOneBy(where),
      () => limited.findAndCountBy(where),
      () => limited.countBy(where),
      () => limited.existsBy(where),
      () => limited.sum('score', where),
      () => limited.find({ where, relations: { notes: true }, relationLoadStrategy: 'query' }),
    ];

    for (const call of calls)
      await expect(call()).rejects.toMatchObject({ budget: 'timeoutMs', unanswered: expect.arrayContaining(['s3']) });
  });

  it('holds for all shards together, also those that wait for their turn', async () => {
    await expect(accounts({ timeoutMs: 200, concurrency: 1 }).findBy(slow('s1'))).rejects.toMatchObject({ unanswered: ['s1', 's2', 's3'] });
  });

  it('ends a write that waits for a connection, and does not send it later', async () => {
    const holder = test.cluster.shard('s2').dataSource.createQueryRunner();
    await holder.connect();
    await expect(accounts({ timeoutMs: 200 }).acrossShards().update({ score: 9 }, { name: 'late' })).rejects.toMatchObject({
      operation: 'update',
      unanswered: expect.arrayContaining(['s2']),
    });
    await holder.release();

    expect(await connectionIds(test.cluster, kind)).toEqual(ids);
    expect(await test.cluster.getRepository(Account).onShard('s2').countBy({ name: 'late' })).toBe(0);
  });

  it('ends a write that waits for a lock of another connection, and it is not done there', async () => {
    const options = { ...test.cluster.shard('s2').dataSource.options, driver: undefined, entities: [] };
    const other = await new DataSource(options as DataSourceOptions).initialize();
    const holder = other.createQueryRunner();
    await holder.startTransaction();
    await holder.query(`UPDATE ${other.driver.escape('account')} SET score = score + 0`);
    try {
      const locked = accounts({ timeoutMs: 3_000 })
        .acrossShards()
        .update({ score: MoreThanOrEqual(0) }, { name: 'locked' });
      await expect(locked).rejects.toMatchObject({ operation: 'update', unanswered: ['s2'] });
      await untilRunning(test.cluster, 0);
    } finally {
      await holder.rollbackTransaction();
      await holder.release();
      await other.destroy();
    }

    expect(await test.cluster.getRepository(Account).onShard('s2').countBy({ name: 'locked' })).toBe(0);
  });

  it('ends a write that runs, and the database undoes it', async () => {
    const before = await test.cluster.getRepository(Account).onShard('s1').find();
    const slowUpdate = accounts({ timeoutMs: 300, writes: 'allow' }).update(slow('s1'), { level: 7 });
    await expect(slowUpdate).rejects.toMatchObject({ operation: 'update', unanswered: expect.arrayContaining(['s1']) });
    await untilRunning(test.cluster, 0);

    expect(await test.cluster.getRepository(Account).onShard('s1').find()).toEqual(before);
  });

  it('says what had failed on other shards by then', async () => {
    const where = { name: Raw((name) => `(${name} <> '' AND ${slowOn(kind, 's1')} AND ${failingOn(kind, 's2')})`) };
    const error: unknown = await accounts({ timeoutMs: 3_000 })
      .findBy(where)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ budget: 'timeoutMs', unanswered: ['s1'] });
    expect((error as Error).cause).toMatchObject({ errors: [{ code: 'ERR_SHARD_FAILED', shard: 's2' }] });
  });

  it('leaves it to the shards that fail in time to fail the call', async () => {
    const where = { name: Raw((name) => `(${name} <> '' AND ${failingOn(kind, 's2')})`) };
    const error: unknown = await accounts({ timeoutMs: 60_000, maxRows: 100 })
      .findBy(where)
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ShardsFailedError);
    expect(error).toMatchObject({ failed: [{ shard: 's2', error: { code: 'ERR_SHARD_FAILED' } }], succeeded: ['s1', 's3'] });
  });

  it('is given back unused by calls that end in time', async () => {
    const limited = accounts({ timeoutMs: 60_000 });

    expect(await limited.find()).toHaveLength(12);
    expect(await limited.find({ relations: { notes: true } })).toHaveLength(12);
    expect((await limited.acrossShards().update({ level: 2 }, { level: 2 })).affected).toBeDefined();
  });

  it('leaves the pools whole after many calls that end at any moment', async () => {
    const outcomes = { answered: 0, ended: 0 };
    for (let timeoutMs = 1; timeoutMs <= 40; timeoutMs += 1) {
      const where = timeoutMs % 3 === 0 ? slow('s1') : {};
      const rows = await accounts({ timeoutMs: (timeoutMs % 12) + 1 })
        .find({ where })
        .catch((error: unknown) => error);
      if (Array.isArray(rows)) expect(rows).toHaveLength(12);
      else expect(rows).toMatchObject({ code: 'ERR_SCATTER_BUDGET' });
      outcomes[Array.isArray(rows) ? 'answered' : 'ended'] += 1;
      // At once, while the cancellation may still be on its way: the connection must not be hit by it.
      if (timeoutMs % 5 === 0) expect(await test.cluster.getRepository(Account).count()).toBe(12);
    }

    expect(outcomes.ended).toBeGreaterThan(12);
  });

  it('lets a cancellation that comes late hit a statement of no use, and closes a connection that fails again', async () => {
    const driver = test.cluster.shard('s1').dataSource.options.driver as StatementCanceller;
    const late = new Error('the statement was interrupted');
    const absorb = jest.spyOn(driver, 'absorbCancel').mockRejectedValueOnce(late);
    await expect(accounts({ timeoutMs: 200 }).findBy(slow('s1'))).rejects.toMatchObject({ budget: 'timeoutMs' });
    expect(await connectionIds(test.cluster, kind)).toEqual(ids);
    absorb.mockRejectedValue(late);
    await expect(accounts({ timeoutMs: 200 }).findBy(slow('s1'))).rejects.toMatchObject({ budget: 'timeoutMs' });
    const after = await connectionIds(test.cluster, kind);
    absorb.mockRestore();

    expect(after[0]).not.toBe(ids[0]);
    ids = after;
  });

  describe('with a signal', () => {
    it('sends nothing when the signal is aborted before', async () => {
      const reason = new Error('not wanted');
      const sent = await test.log.during(() => expect(accounts({ signal: AbortSignal.abort(reason) }).find()).rejects.toBe(reason));

      expect(sent).toEqual([]);
    });

    it("ends when the signal is aborted, with the signal's reason", async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const call = accounts({ signal: controller.signal }).findBy(slow('s3'));
      const outcome = expect(call).rejects.toBe(reason);
      await untilRunning(test.cluster, 1);
      controller.abort(reason);

      await outcome;
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    });

    it('has the AbortError of Node.js without a reason', async () => {
      const controller = new AbortController();
      const call = accounts({ signal: controller.signal }).findBy(slow('s3'));
      controller.abort();

      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('leaves the signal alone once it has answered', async () => {
      const controller = new AbortController();
      expect(await accounts({ signal: controller.signal }).find()).toHaveLength(12);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      controller.abort();

      await expect(accounts({ signal: controller.signal }).find()).rejects.toMatchObject({ name: 'AbortError' });
    });
  });

  it('does not concern a transaction', async () => {
    const sql = kind === 'mariadb' ? 'SELECT SLEEP(0.1)' : 'SELECT pg_sleep(0.1)';
    const own = (await test.cluster.getRepository(Account).onShard('s1').find()).map(({ key }) => key);
    const found = await test.cluster.manager
      .withScatter({ timeoutMs: 1, maxRows: 1, mode: 'forbid' })
      .onShard('s1')
      .transaction(async (manager) => {
        await manager.query(sql);
        return manager.findBy(Account, { key: In(own) });
      });

    expect(found).toHaveLength(own.length);
  });

  it('is waited for when the cluster is closed, so that no cancellation outlives it', async () => {
    const own = await openTestCluster(kind, { entities: [Account, Note], options: { poolSize: 1 } });
    await own.cluster.getRepository(Account).save(someAccounts());
    const call = own.cluster.getRepository(Account).withScatter({ timeoutMs: 100 }).findBy(slow('s1'));
    await expect(call).rejects.toMatchObject({ budget: 'timeoutMs' });
    const shards = own.cluster.shards.map(({ dataSource }) => dataSource);
    await own.cluster.destroy();

    expect(await runningStatements({ shards: shards.map((dataSource) => ({ dataSource })) } as unknown as ShardedDataSource)).toBe(0);
    await own.stop();
  });
});

describeOn(serverKinds, 'A server that hangs', (kind) => {
  let servers: readonly PrivateServer[];
  let cluster: ShardedDataSource;

  beforeAll(async () => {
    servers = await Promise.all([startServer(kind), startServer(kind)]);
    await Promise.all(servers.map((server) => runSql(server, ['create database app'])));
    const shards = servers.map(({ host, port, username, password }, index) => ({
      name: index === 0 ? 'up' : 'hung',
      ...{ host, port, username, password, database: 'app' },
    }));
    cluster = new ShardedDataSource({ type: kind, entities: [Account, Note], synchronize: true, poolSize: 1, shards });
    await cluster.initialize();
    await cluster.getRepository(Account).save(someAccounts());
  }, 120_000);
  afterAll(async () => {
    await cluster?.destroy();
    await Promise.all(servers.map((server) => server.stop()));
  }, 60_000);

  it('costs its connections and not the call, and the pool is whole when it is back', async () => {
    const accounts = cluster.getRepository(Account);
    const before = await connectionIds(cluster, kind);
    const runners = jest.spyOn(cluster.shard('hung').dataSource, 'createQueryRunner');
    try {
      await servers[1]?.kill('SIGSTOP');
      await expect(accounts.withScatter({ timeoutMs: 200 }).find()).rejects.toMatchObject({ unanswered: expect.arrayContaining(['hung']) });
      const runner = runners.mock.results[0]?.value as QueryRunner;
      // The call does not wait for the server's grace.
      expect(runner.isReleased).toBe(false);
      await waitUntil(() => runner.isReleased, { what: 'the connection to be closed', deadlineMs: 10_000 });
    } finally {
      await servers[1]?.kill('SIGCONT');
    }
    await waitUntil(async () => (await accounts.count()) === 12, { what: 'the hung server to serve' });
    const after = await connectionIds(cluster, kind);

    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });
});

describeOn(serverKinds, 'The time of a call to shards with replicas', (kind) => {
  it('is kept on the server that answers', async () => {
    const databases = await createDatabases(kind, 2);
    const shards = databases.shards.map(({ name, options }) => ({ name, replication: { master: options, slaves: [options] } }));
    const options = { type: kind, entities: [Account, Note], synchronize: true, shards } as unknown as ShardedDataSourceOptions;
    const cluster = await new ShardedDataSource(options).initialize();
    const accounts = cluster.getRepository(Account).withScatter({ timeoutMs: 200, writes: 'allow' });
    await accounts.save(someAccounts());
    const where = { name: Raw((name) => `(${name} <> '' AND ${slowOn(kind, 's1')})`) };
    await expect(accounts.findBy(where)).rejects.toMatchObject({ unanswered: expect.arrayContaining(['s1']) });
    await expect(accounts.update(where, { score: 1 })).rejects.toMatchObject({ unanswered: expect.arrayContaining(['s1']) });
    await cluster.destroy();

    await waitUntil(async () => (await countAllConnections(databases)) === 0, { what: 'no connection to be left' });
    await databases.stop();
  });
});

/** Made outside of any transaction. */
const outside = new AsyncResource('outside');
const embeddedKinds = databaseKinds.filter((kind) => kind === 'sqljs' || kind === 'better-sqlite3');

describeOn(embeddedKinds, 'The time of a call to several shards', (kind) => {
  let test: TestCluster;
  /** Nothing can interrupt it. */
  const busy = Raw(
    (name) => `(${name} <> '' AND (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 300000) SELECT max(x) FROM c) > 0)`,
  );
  const accounts = (limits: ScatterCallOptions) => test.cluster.getRepository(Account).withScatter(limits);

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note] });
    await test.cluster.getRepository(Account).save(someAccounts());
  });
  afterEach(() => test?.stop());

  it('fails the call once the statement has ended, since nothing can interrupt it', async () => {
    await expect(accounts({ timeoutMs: 1 }).findBy({ name: busy })).rejects.toMatchObject({ budget: 'timeoutMs', limit: 1 });
    expect(await accounts({ timeoutMs: 60_000 }).findBy({ name: busy })).toHaveLength(12);
  });

  it('ends a call that waits for a transaction of the process, which is given back the handle', async () => {
    await test.cluster.manager.onShard('s1').transaction(async (manager) => {
      await manager.query('UPDATE account SET score = score + 0');
      const waiting = new Promise((answered, failed) => {
        // From outside, where the transaction's work is not recognised as the same caller.
        outside.runInAsyncScope(() => accounts({ timeoutMs: 50 }).find().then(answered, failed));
      });
      await expect(waiting).rejects.toMatchObject({ budget: 'timeoutMs', unanswered: ['s1'] });
    });

    expect(await accounts({}).find()).toHaveLength(12);
  });

  it('ends by a signal between statements', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const call = accounts({ signal: controller.signal, concurrency: 1 }).find();
    controller.abort(reason);

    await expect(call).rejects.toBe(reason);
    await expect(accounts({ signal: AbortSignal.abort(reason) }).find()).rejects.toBe(reason);
    expect(await accounts({ signal: new AbortController().signal }).find()).toHaveLength(12);
  });
});
