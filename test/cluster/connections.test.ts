import { createDatabases, runSql, sampledKinds, serverKinds, type TestDatabases, waitUntil } from '../database';
import { countAllConnections, countConnections, serverOf, shardsOf, startCluster } from './fixtures/clusters';
import { describeOn } from './fixtures/describe-on';
import { someUsers, User } from './fixtures/entities';
import { type PartitionCase, partitionCases } from './fixtures/partition-cases';

jest.setTimeout(30_000);

const settings = { entities: [User], synchronize: true };

describeOn(serverKinds, 'The connections of a cluster', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3);
  });

  afterEach(() => databases.stop());

  it('stay within maxConnections however much is asked at once', async () => {
    await using cluster = await startCluster(databases, { ...settings, maxConnections: 7, poolSize: 20 });
    const busy = kind === 'postgres' ? 'select pg_sleep(0.05)' : 'select sleep(0.05)';

    const work = Promise.all(Array.from({ length: 30 }, () => cluster.query(busy, [], { shards: 'all' })));
    let most = 0;
    const counting = waitUntil(
      async () => {
        most = Math.max(most, await countAllConnections(databases));
        return most >= 6;
      },
      { what: 'the pools to fill' },
    );
    await Promise.all([work, counting]);

    expect(cluster.connections).toEqual({
      databases: databases.shards.map(({ name }) => ({ database: name, poolSize: 2, pools: 1 })),
      total: 6,
      max: 7,
    });
    expect(most).toBe(6);
    expect(await countAllConnections(databases)).toBeLessThanOrEqual(6);
  });

  it('are those of TypeORM where they fit', async () => {
    await using cluster = await startCluster(databases, { ...settings, shards: shardsOf(databases, { s2: { poolSize: 4 } }) });

    expect(cluster.connections).toMatchObject({ databases: [{ poolSize: 10 }, { poolSize: 4 }, { poolSize: 10 }], total: 24, max: 500 });
  });
});

describe.each(sampledKinds)('The statement for new connections (%s)', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 2, { onDisk: true });
  });

  afterEach(() => databases.stop());

  /** A statement that sets something of the connection, and one that reads it. */
  const [set, read] = {
    sqljs: ['PRAGMA user_version = 42', 'SELECT user_version AS v FROM pragma_user_version'],
    'better-sqlite3': ['PRAGMA cache_size = 42', 'SELECT cache_size AS v FROM pragma_cache_size'],
    mariadb: ['SET @v = COALESCE(@v, 41) + 1', 'SELECT @v AS v'],
    postgres: [
      "SELECT set_config('app.v', (COALESCE(NULLIF(current_setting('app.v', true), ''), '41')::int + 1)::text, false)",
      "SELECT current_setting('app.v')::int AS v",
    ],
  }[kind] as [string, string];

  it.each(partitionCases)('runs once on each, before it is used, %s', async (_, more: PartitionCase) => {
    await using cluster = await startCluster(databases, { ...settings, initCommand: set, shards: shardsOf(databases, more) });
    await cluster.getRepository(User).save([...someUsers]);

    const rounds = await Promise.all(Array.from({ length: 20 }, () => cluster.query(read, [], { shards: 'all' })));

    const values = rounds.flatMap((answers) => answers.map(({ result }) => Number((result as { v: unknown }[])[0]?.v)));
    expect(new Set(values)).toEqual(new Set([42]));
    expect(await cluster.getRepository(User).count()).toBe(someUsers.length);
  });

  it('of a shard wins over that of the cluster', async () => {
    const own = set.replace('41', '6').replace('= 42', '= 7');
    await using cluster = await startCluster(databases, {
      ...settings,
      initCommand: set,
      shards: shardsOf(databases, { s2: { initCommand: own } }),
    });

    const answers = await cluster.query(read, [], { shards: 'all' });

    expect(answers.map(({ result }) => Number((result as { v: unknown }[])[0]?.v))).toEqual([42, 7]);
  });

  it('that fails is reported with the shard, and no connection stays open', async () => {
    const shards = shardsOf(databases, { s2: { initCommand: 'SELECT nonsense FROM nowhere' } });

    await expect(startCluster(databases, { ...settings, shards })).rejects.toMatchObject({
      shard: 's2',
      cause: expect.objectContaining({ message: expect.stringMatching(/nowhere/) }),
    });

    if (kind !== 'mariadb' && kind !== 'postgres') return;
    await waitUntil(async () => (await countAllConnections(databases)) === 0, { what: 'all connections to be closed' });
  });
});

describeOn(serverKinds, 'Replication of a shard', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 2);
  });

  afterEach(() => databases.stop());

  /** Both servers of a shard are one here, told apart by the user. */
  function replicated(reader: string, more: object = {}) {
    return shardsOf(databases).map(({ name, ...options }) => {
      const server = options as { username: string; host: string; port: number; password: string; database: string };
      const slave = { ...server, username: reader, password: 'reader' };
      return { name, replication: { master: server, slaves: [slave] }, ...more };
    });
  }

  async function withReader(test: (reader: string) => Promise<void>): Promise<void> {
    const reader = `reader_${String(databases.shards[0]?.options.database).slice(-9, -3)}`;
    const servers = [...new Set(databases.shards.map(serverOf))];
    const isPostgres = kind === 'postgres';
    const create = isPostgres
      ? [`create role ${reader} login password 'reader' in role pg_read_all_data`]
      : [`create user ${reader} identified by 'reader'`, `grant select on *.* to ${reader}`];
    for (const server of servers) await runSql(server, create);
    try {
      await test(reader);
    } finally {
      for (const server of servers) await runSql(server, [`drop ${isPostgres ? 'role' : 'user'} ${reader}`]);
    }
  }

  it.each(partitionCases)('reads from the replica and writes to the primary, %s', async (_, more: PartitionCase) => {
    await withReader(async (reader) => {
      const partitions = more.s1 ?? {};
      await using cluster = await startCluster(databases, { ...settings, shards: replicated(reader, partitions), poolSize: 4 });
      const users = cluster.getRepository(User);

      await users.save([...someUsers]);

      expect(await users.count()).toBe(someUsers.length);
      expect(await users.findOneBy({ guid: 'guid-5' })).toEqual(someUsers[5]);
      const whoami = kind === 'postgres' ? 'select current_user as me' : "select substring_index(user(), '@', 1) as me";
      const runner = cluster.shards[0]!.dataSource.createQueryRunner('slave');
      expect(await runner.query(whoami)).toEqual([{ me: reader }]);
      await runner.release();
      expect(cluster.connections).toEqual({
        databases: ['s1', 's2'].map((database) => ({ database, poolSize: 4, pools: 2 })),
        total: 16,
        max: 500,
      });
      expect(await countAllConnections(databases)).toBeLessThanOrEqual(16);
      await cluster.destroy();
      await waitUntil(async () => (await countConnections(databases.shards[0]!)) === 0, { what: 'both pools to be closed' });
    });
  });
});
