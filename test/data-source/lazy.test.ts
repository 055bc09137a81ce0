import { hashRing, IdentityError, ShardedDataSource } from '../../src';
import { countConnections, optionsFor, shardsOf, startCluster } from '../cluster/fixtures/clusters';
import { someUsers, User } from '../cluster/fixtures/entities';
import { remembered } from '../cluster/fixtures/identities';
import { createDatabases, sampledKinds, type TestDatabases } from '../database';

jest.setTimeout(30_000);

describe.each(sampledKinds)('A lazy cluster (%s)', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3, { onDisk: true });
  });

  afterEach(() => databases.stop());

  const settings = { entities: [User], synchronize: true, lazy: true };
  const opened = (cluster: ShardedDataSource) => cluster.shards.filter(({ isOpen }) => isOpen).map(({ name }) => name);

  async function found(): Promise<void> {
    await using cluster = await startCluster(databases, { ...settings, lazy: false });
    await cluster.getRepository(User).save([...someUsers]);
  }

  it('opens nothing at initialize()', async () => {
    const connect = jest.fn((name: string) => shardsOf(databases).find((shard) => shard.name === name));
    const names = databases.shards.map(({ name }) => name);

    await using cluster = await startCluster(databases, { ...settings, shards: names, connect });

    expect(cluster.isInitialized).toBe(true);
    expect(connect).not.toHaveBeenCalled();
    expect(opened(cluster)).toEqual([]);
    expect(await cluster.health()).toEqual(names.map((shard) => ({ shard, status: 'unopened' })));
  });

  it('opens only the shard that is used, at its first use', async () => {
    await found();
    const connect = jest.fn(async (name: string) => shardsOf(databases).find((shard) => shard.name === name));
    const shards = databases.shards.map(({ name }) => name);
    await using cluster = await startCluster(databases, { ...settings, shards, connect });
    const { name } = cluster.shardFor(User, 'guid-3');

    const answers = await Promise.all([1, 2, 3].map(() => cluster.getRepository(User).findOneBy({ guid: 'guid-3' })));

    expect(answers).toEqual([someUsers[3], someUsers[3], someUsers[3]]);
    expect(opened(cluster)).toEqual([name]);
    expect(connect.mock.calls).toEqual([[name]]);
    if (kind === 'mariadb' || kind === 'postgres') {
      const counts = await Promise.all(databases.shards.map(async (shard) => [shard.name, (await countConnections(shard)) > 0]));
      expect(counts).toEqual(databases.shards.map((shard) => [shard.name, shard.name === name]));
    }
  });

  it('opens a shard by open(name)', async () => {
    await found();
    await using cluster = await startCluster(databases, settings);

    const shard = await cluster.open('s2');

    expect([shard.name, shard.isOpen, opened(cluster)]).toEqual(['s2', true, ['s2']]);
    await expect(cluster.open('none')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_SHARD' });
  });

  it('founds all databases of a new cluster when the first shard is used', async () => {
    await using cluster = await startCluster(databases, settings);

    await cluster.getRepository(User).save({ guid: 'guid-1', name: 'x' });
    await cluster.destroy();

    const ids = (await remembered(databases)).map(([row]) => row?.cluster_id);
    expect(ids).toEqual([ids[0], ids[0], ids[0]]);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('compares the identity of a shard at its first use', async () => {
    await found();
    await using cluster = await startCluster(databases, { ...settings, placement: hashRing({ virtualNodes: 4 }) });

    await expect(cluster.getRepository(User).findOneBy({ guid: 'guid-1' })).rejects.toBeInstanceOf(IdentityError);

    expect(opened(cluster)).toEqual([]);
  });

  it('refuses a shard of another cluster of the same name', async () => {
    await found();
    const others = await createDatabases(kind, 3, { onDisk: true });
    await (await startCluster(others, { ...settings, lazy: false })).destroy();
    const mixed = [...shardsOf(databases).slice(0, 2), ...shardsOf(others).slice(2)];
    await using cluster = await startCluster(databases, { ...settings, shards: mixed });
    await cluster.open('s1');
    await cluster.open('s2');

    await expect(cluster.open('s3')).rejects.toMatchObject({ code: 'ERR_IDENTITY', message: expect.stringContaining('another cluster') });
    await cluster.destroy();
    await others.stop();
  });

  it('opens all shards for a scatter and for synchronize()', async () => {
    await found();
    await using cluster = await startCluster(databases, settings);

    expect(await cluster.getRepository(User).count()).toBe(someUsers.length);

    expect(opened(cluster)).toEqual(['s1', 's2', 's3']);
    await using other = await startCluster(databases, settings);
    await other.synchronize();
    expect(opened(other)).toEqual(['s1', 's2', 's3']);
  });

  it('refuses dropSchema', async () => {
    await expect(new ShardedDataSource(optionsFor(databases, { ...settings, dropSchema: true })).initialize()).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
    });
  });
});
