import { NotInitializedError, ShardedDataSource } from '../../src';
import { optionsFor, startCluster } from '../cluster/fixtures/clusters';
import { Message, someUsers, User } from '../cluster/fixtures/entities';
import { createDatabases, sampledKinds, type TestDatabases } from '../database';

jest.setTimeout(30_000);

describe.each(sampledKinds)('A cluster that only has read its entities (%s)', (kind) => {
  let databases: TestDatabases;

  beforeAll(async () => {
    databases = await createDatabases(kind, 3, { onDisk: true });
  });

  afterAll(() => databases.stop());

  const settings = { entities: [User, Message], synchronize: true };

  it('routes as one that is open, and has opened nothing', async () => {
    await using open = await startCluster(databases, settings);
    await using cluster = new ShardedDataSource(optionsFor(databases, settings));
    expect(await cluster.readEntities()).toBe(cluster);

    expect(someUsers.map(({ guid }) => cluster.shardFor(User, guid).name)).toEqual(
      someUsers.map(({ guid }) => open.shardFor(User, guid).name),
    );
    expect(cluster.routingTables.get('User')?.checksum).toBe(open.routingTables.get('User')?.checksum);
    expect(cluster.getMetadata(User).tableName).toBe('user');
    expect(cluster.shards.map(({ isOpen }) => isOpen)).toEqual([false, false, false]);
    expect(cluster.isInitialized).toBe(false);
  });

  it('refuses calls on rows until it is initialized, and then makes them', async () => {
    await using cluster = new ShardedDataSource(optionsFor(databases, settings));
    await Promise.all([cluster.readEntities(), cluster.readEntities()]);
    const users = cluster.getRepository(User);

    await expect(users.count()).rejects.toThrow(NotInitializedError);
    await expect(users.findOneBy({ guid: 'g1' })).rejects.toThrow(NotInitializedError);
    await expect(cluster.open('s1')).rejects.toThrow(NotInitializedError);
    await expect(cluster.synchronize()).rejects.toThrow(NotInitializedError);
    await expect(cluster.dropDatabase()).rejects.toThrow(NotInitializedError);

    await cluster.initialize();
    expect(await users.count()).toBe(0);
    await cluster.destroy();
    await expect(users.count()).rejects.toThrow(NotInitializedError);
    expect(() => cluster.shardFor(User, 'g1')).toThrow(NotInitializedError);
  });

  it('tells every fault of the entities, and may be asked again', async () => {
    class Stranger {}
    await using cluster = new ShardedDataSource(optionsFor(databases, { ...settings, positionColumn: 'name' }));
    for (let attempt = 0; attempt < 2; attempt += 1) await expect(cluster.readEntities()).rejects.toThrow(/has a column name of its own/);
    expect(() => cluster.shardFor(Stranger, 1)).toThrow(NotInitializedError);
  });

  it('examines shards without opening them or making their schema', async () => {
    const fresh = await createDatabases(kind, 2, { onDisk: true });
    try {
      await using cluster = new ShardedDataSource(optionsFor(fresh, settings));
      const expected = (identity: string) =>
        ['s1', 's2'].map((shard) => ({ shard, status: 'up', latencyMs: expect.any(Number), identity, differences: [] }));
      expect(await cluster.examine()).toEqual(expected('new'));
      expect(await cluster.examine()).toEqual(expected('new'));
      expect(cluster.shards.map(({ isOpen }) => isOpen)).toEqual([false, false]);
      for (const name of ['s1', 's2']) expect(await tablesOf(cluster, name)).toEqual([]);
      await cluster.initialize();
      expect(await cluster.examine()).toEqual(expected('same'));
    } finally {
      await fresh.stop();
    }
  });

  /** Which of the tables that a start makes are on a shard. */
  async function tablesOf(cluster: ShardedDataSource, name: string): Promise<readonly string[]> {
    const runner = (await cluster.core.shard(name).connect()).createQueryRunner();
    try {
      const tables = ['_shard_identity', 'user', 'message'];
      const found = [];
      for (const table of tables) if (await runner.hasTable(table)) found.push(table);
      return found;
    } finally {
      await runner.release();
    }
  }

  it('says where the shards are, without credentials', async () => {
    await using cluster = new ShardedDataSource(optionsFor(databases, settings));
    for (const { address } of cluster.shards) {
      expect(Object.keys(address).sort()).toEqual(kind === 'mariadb' || kind === 'postgres' ? ['database', 'host', 'port'] : ['file']);
    }
  });
});
