import { join } from 'node:path';
import { ShardedDataSource } from '../../src';
import { countAllConnections, optionsFor, shardsOf, startCluster } from '../cluster/fixtures/clusters';
import { describeOn } from '../cluster/fixtures/describe-on';
import { someUsers, User } from '../cluster/fixtures/entities';
import { createDatabases, sampledKinds, serverKinds, type TestDatabases, waitUntil } from '../database';

jest.setTimeout(30_000);

const settings = { entities: [User], synchronize: true };

/** What makes a shard impossible to open. */
function unreachable({ type }: TestDatabases, name: string): object {
  // TypeORM makes folders that are missing, but not inside a file.
  const nowhere = join(__filename, `${name}.sqlite`);
  if (type === 'sqljs')
    return { driver: () => Promise.reject(Object.assign(new Error('the database is out of reach'), { code: 'EACCES' })) };
  return type === 'better-sqlite3' ? { database: nowhere } : { port: 1, database: name };
}

describe.each(sampledKinds)('Opening a cluster (%s)', (kind) => {
  let databases: TestDatabases;

  beforeAll(async () => {
    databases = await createDatabases(kind, 4, { onDisk: true });
  });

  afterAll(() => databases.stop());

  const withFaulty = (...names: string[]) =>
    new ShardedDataSource(
      optionsFor(databases, {
        ...settings,
        shards: shardsOf(databases, Object.fromEntries(names.map((name) => [name, unreachable(databases, name)]))),
      }),
    );

  async function expectNothingOpen(cluster: ShardedDataSource): Promise<void> {
    expect(cluster.isInitialized).toBe(false);
    expect(cluster.shards.map(({ isOpen }) => isOpen)).toEqual([false, false, false, false]);
    if (kind !== 'mariadb' && kind !== 'postgres') return;
    await waitUntil(async () => (await countAllConnections(databases)) === 0, { what: 'all connections to be closed' });
  }

  it('names the shard that cannot be opened and closes the others', async () => {
    const cluster = withFaulty('s3');

    await expect(cluster.initialize()).rejects.toMatchObject({
      shard: 's3',
      cause: expect.anything(),
      message: expect.stringContaining('"s3"'),
    });

    await expectNothingOpen(cluster);
    await expect((async () => cluster.getRepository(User).count())()).rejects.toMatchObject({ code: 'ERR_NOT_INITIALIZED' });
  });

  it('names all shards that cannot be opened', async () => {
    const cluster = withFaulty('s2', 's4');

    await expect(cluster.initialize()).rejects.toMatchObject({
      code: 'ERR_SHARDS_FAILED',
      failed: [{ shard: 's2' }, { shard: 's4' }],
      succeeded: ['s1', 's3'],
    });

    await expectNothingOpen(cluster);
  });

  it('can be tried again after it failed', async () => {
    let isReachable = false;
    const asked: string[] = [];
    const connect = async (name: string) => {
      asked.push(name);
      return name === 's2' && !isReachable ? unreachable(databases, name) : {};
    };
    await using cluster = new ShardedDataSource(optionsFor(databases, { ...settings, connect }));
    const first = cluster.initialize();
    await expect(Promise.allSettled([first, cluster.initialize()])).resolves.toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
    expect(asked).toEqual(['s1', 's2', 's3', 's4']);

    isReachable = true;
    await cluster.initialize();

    await cluster.getRepository(User).save([...someUsers]);
    expect(await cluster.getRepository(User).count()).toBe(someUsers.length);
  });

  it('reports what connect() throws, with the shard', async () => {
    const connect = (name: string) => (name === 's1' ? Promise.reject(new Error('the vault is sealed')) : {});
    const cluster = new ShardedDataSource(optionsFor(databases, { ...settings, connect }));

    await expect(cluster.initialize()).rejects.toMatchObject({
      code: 'ERR_SHARD_FAILED',
      shard: 's1',
      cause: new Error('the vault is sealed'),
    });

    await expectNothingOpen(cluster);
  });

  it('asks connect() once for each database, not for each partition', async () => {
    const fresh = await createDatabases(kind, 2, { onDisk: true });
    const asked: string[] = [];
    const connect = (name: string) => {
      asked.push(name);
      return { ...fresh.shards.find((shard) => shard.name === name)?.options };
    };

    await using cluster = await startCluster(fresh, { ...settings, shards: ['s1', { name: 's2', partitions: [1, 2, 3] }], connect });
    await cluster.getRepository(User).save([...someUsers]);

    expect(asked).toEqual(['s1', 's2']);
    expect(await cluster.getRepository(User).count()).toBe(someUsers.length);
    await cluster.destroy();
    await fresh.stop();
  });

  it('leaves nothing behind when it is done again and again', async () => {
    const cluster = new ShardedDataSource(optionsFor(databases, settings));
    const listeners = () => process.eventNames().map((event) => [event, process.listenerCount(event)]);
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    await (await cluster.initialize()).destroy();
    const before = [listeners(), timers()];

    for (let round = 0; round < 20; round += 1) {
      await cluster.initialize();
      await cluster.getRepository(User).count();
      await cluster.destroy();
    }

    await expectNothingOpen(cluster);
    await waitUntil(() => timers() <= Number(before[1]), { what: 'timers to end' });
    expect(listeners()).toEqual(before[0]);
  });
});

describeOn(serverKinds, 'Opening a cluster with wrong credentials', (kind) => {
  it('names the shard and keeps the password to itself', async () => {
    const databases = await createDatabases(kind, 2);
    const shards = shardsOf(databases, { s2: { password: 'not-the-password' } });

    const error = await startCluster(databases, { ...settings, shards }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'ERR_SHARD_FAILED', shard: 's2', retryable: false, cause: expect.anything() });
    expect(String(error)).not.toContain('not-the-password');
    await waitUntil(async () => (await countAllConnections(databases)) === 0, { what: 'all connections to be closed' });
    await databases.stop();
  });
});
