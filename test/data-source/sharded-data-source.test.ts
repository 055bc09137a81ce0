import { DataSource } from 'typeorm';
import { ShardedDataSource, ShardRequiredError } from '../../src';
import { optionsFor, shardsOf, startCluster } from '../cluster/fixtures/clusters';
import { Message, someUsers, User } from '../cluster/fixtures/entities';
import { createDatabases, sampledKinds, type TestDatabases } from '../database';

jest.setTimeout(30_000);

describe.each(sampledKinds)('ShardedDataSource (%s)', (kind) => {
  let databases: TestDatabases;

  beforeAll(async () => {
    databases = await createDatabases(kind, 3, { onDisk: true });
  });

  afterAll(() => databases.stop());

  const settings = { entities: [User, Message], synchronize: true };
  const start = (more: object = {}) => startCluster(databases, { ...settings, ...more });

  it('is a DataSource, for code that asks for one', async () => {
    await using cluster = await start();
    const count = (source: DataSource) => source.getRepository(User).count();

    expect(cluster).toBeInstanceOf(DataSource);
    expect(await count(cluster)).toBe(0);
    expect(cluster.isInitialized).toBe(true);
    expect(cluster.hasMetadata(User)).toBe(true);
    expect(cluster.getMetadata(User).tableName).toBe('user');
    expect(cluster.manager.dataSource).toBe(cluster);
  });

  it('initializes once for calls at the same time', async () => {
    const asked: string[] = [];
    const shards = databases.shards.map(({ name }) => name);
    const connect = (name: string) => {
      asked.push(name);
      return shardsOf(databases).find((shard) => shard.name === name);
    };
    await using cluster = new ShardedDataSource(optionsFor(databases, { ...settings, shards, connect }));

    const [first, second] = await Promise.all([cluster.initialize(), cluster.initialize()]);

    expect([first, second]).toEqual([cluster, cluster]);
    expect(asked).toEqual(['s1', 's2', 's3']);
    const sources = cluster.shards.map(({ dataSource }) => dataSource);
    await cluster.initialize();
    expect(cluster.shards.map(({ dataSource }) => dataSource)).toEqual(sources);
  });

  it('works again after destroy(), which may be called twice and at any time', async () => {
    await using cluster = new ShardedDataSource(optionsFor(databases, settings));
    await cluster.destroy();
    const opening = cluster.initialize();
    await cluster.destroy();
    await opening;
    expect(cluster.isInitialized).toBe(false);
    expect(cluster.shards.map(({ isOpen }) => isOpen)).toEqual([false, false, false]);

    await cluster.initialize();
    await cluster.getRepository(User).save([...someUsers]);
    await cluster.destroy();
    await cluster.destroy();
    await cluster.initialize();

    expect(await cluster.getRepository(User).count()).toBe(someUsers.length);
    await cluster.getRepository(User).clear();
  });

  it('is closed by Symbol.asyncDispose', async () => {
    const cluster = await start();

    await cluster[Symbol.asyncDispose]();

    expect(cluster.isInitialized).toBe(false);
    expect(cluster.shards.some(({ isOpen }) => isOpen)).toBe(false);
  });

  it('says that it is not initialized, before initialize() and after destroy()', async () => {
    await using cluster = new ShardedDataSource(optionsFor(databases, settings));
    const users = cluster.getRepository(User);
    const refused = { code: 'ERR_NOT_INITIALIZED', message: expect.stringContaining('initialize()') };
    const calls: readonly (() => unknown)[] = [
      () => users.findOneBy({ guid: 'a' }),
      () => users.save({ guid: 'a', name: 'b' }),
      () => users.count(),
      () => cluster.query('SELECT 1', [], { shards: 'all' }),
      () => cluster.open('s1'),
      () => cluster.synchronize(),
      () => cluster.dropDatabase(),
      () => cluster.shardFor(User, 'a'),
    ];

    for (const state of ['new', 'destroyed']) {
      if (state === 'destroyed') await (await cluster.initialize()).destroy();
      for (const call of calls) await expect((async () => call())()).rejects.toMatchObject(refused);
      expect(() => cluster.shard('s1').dataSource).toThrow(expect.objectContaining({ code: 'ERR_NOT_INITIALIZED' }));
    }
  });

  it('answers query() from the shards named, in their order', async () => {
    await using cluster = await start();
    const parameter = databases.type === 'postgres' ? '$1::int' : '?';
    const answer = (shard: string) => ({ shard, result: [{ n: expect.anything() }] });

    expect(await cluster.query(`SELECT ${parameter} AS n`, [7], { shards: ['s3', 's1'] })).toEqual([answer('s3'), answer('s1')]);
    expect(await cluster.query(`SELECT ${parameter} AS n`, [7], { shards: 'all' })).toEqual(['s1', 's2', 's3'].map(answer));
  });

  it('refuses query() without shards, with unknown ones, and names the shard that fails', async () => {
    await using cluster = await start();

    await expect(cluster.query('DROP TABLE nothing_there')).rejects.toBeInstanceOf(ShardRequiredError);
    await expect(cluster.query('SELECT 1', [], { shards: ['s1', 'x'] })).rejects.toMatchObject({ code: 'ERR_UNKNOWN_SHARD' });
    await expect(cluster.query('DROP TABLE nothing_there', [], { shards: ['s2'] })).rejects.toMatchObject({ shard: 's2' });
    await expect(cluster.query('DROP TABLE nothing_there', [], { shards: ['s2', 's3'] })).rejects.toMatchObject({
      code: 'ERR_SHARDS_FAILED',
      failed: [{ shard: 's2' }, { shard: 's3' }],
      succeeded: [],
    });
  });

  const withoutShard: readonly [string, (cluster: ShardedDataSource) => unknown][] = [
    ['createQueryRunner()', (cluster) => cluster.createQueryRunner()],
    ['getQuery() of a query builder', (cluster) => cluster.createQueryBuilder(User, 'user').getQuery()],
    ['driver.connect()', (cluster) => cluster.driver.connect()],
    ['driver.createQueryRunner()', (cluster) => cluster.driver.createQueryRunner('master')],
    ['driver.createSchemaBuilder()', (cluster) => cluster.driver.createSchemaBuilder()],
    ['runMigrations()', (cluster) => cluster.runMigrations()],
    ['undoLastMigration()', (cluster) => cluster.undoLastMigration()],
    ['showMigrations()', (cluster) => cluster.showMigrations()],
  ];

  it.each(withoutShard)('refuses %s, which needs a shard, and says what to use', async (_, call) => {
    await using cluster = await start();

    await expect((async () => call(cluster))()).rejects.toMatchObject({
      code: 'ERR_SHARD_REQUIRED',
      message: expect.stringContaining('Use '),
    });
  });

  it('tells what is up', async () => {
    await using cluster = await start();

    const health = await cluster.health();

    expect(health).toEqual(['s1', 's2', 's3'].map((shard) => ({ shard, status: 'up', latencyMs: expect.any(Number) })));
  });
});
