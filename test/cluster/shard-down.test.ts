import { ShardedDataSource } from '../../src';
import { createDatabases, databaseKinds, type PrivateServer, runSql, serverKinds, startServer, waitUntil } from '../database';
import { startCluster } from './fixtures/clusters';
import { describeOn } from './fixtures/describe-on';
import { someUsers, User } from './fixtures/entities';

jest.setTimeout(30_000);

const embeddedKinds = databaseKinds.filter((kind) => kind === 'sqljs' || kind === 'better-sqlite3');

describeOn(embeddedKinds, 'A shard whose database was closed', (kind) => {
  it('is named by calls to it, while calls to others go on', async () => {
    const databases = await createDatabases(kind, 3);
    await using cluster = await startCluster(databases, { entities: [User], synchronize: true });
    const users = cluster.getRepository(User);
    await users.insert([...someUsers]);
    const ofShard = (name: string) => someUsers.find(({ guid }) => cluster.shardFor(User, guid).name === name);

    await cluster.shard('s2').dataSource.destroy();

    const refused = { code: 'ERR_SHARDS_FAILED', failed: [{ shard: 's2' }], succeeded: ['s1', 's3'] };
    await expect(users.findOneBy({ guid: `${ofShard('s2')?.guid}` })).rejects.toMatchObject({ code: 'ERR_SHARD_FAILED', shard: 's2' });
    await expect(users.count()).rejects.toMatchObject(refused);
    expect(await users.findOneBy({ guid: `${ofShard('s3')?.guid}` })).toEqual(ofShard('s3'));
    expect((await cluster.health()).map(({ status }) => status)).toEqual(['up', 'down', 'up']);
  });
});

describeOn(serverKinds, 'A shard that goes down', (kind) => {
  let up: PrivateServer;
  let down: PrivateServer;
  let cluster: ShardedDataSource;

  beforeAll(async () => {
    [up, down] = await Promise.all([startServer(kind), startServer(kind)]);
    await Promise.all([up, down].map((server) => runSql(server, ['create database app'])));
    const place = ({ host, port, username, password }: PrivateServer) => ({ host, port, username, password, database: 'app' });
    cluster = new ShardedDataSource({
      type: kind,
      entities: [User],
      synchronize: true,
      shards: [
        { name: 'up', ...place(up) },
        { name: 'down', ...place(down), partitions: [1, 2] },
      ],
    });
    await cluster.initialize();
  }, 120_000);

  beforeEach(async () => {
    await cluster.getRepository(User).clear();
    await cluster.getRepository(User).insert([...someUsers]);
  });

  // What the test itself did not bring back.
  afterEach(async () => {
    await down.restart();
    await waitUntil(async () => (await cluster.health()).every(({ status }) => status === 'up'), { what: 'all shards to be up' });
  }, 90_000);

  afterAll(async () => {
    await cluster?.destroy();
    await Promise.all([up?.stop(), down?.stop()]);
  });

  const usersOf = (shard: string) => someUsers.filter(({ guid }) => cluster.shardFor(User, guid).name === shard);

  it('is named by calls to it, while calls to others go on', async () => {
    const users = cluster.getRepository(User);
    const [[here], [there]] = [usersOf('up'), usersOf('down:1')];
    await down.kill('SIGKILL');

    const refused = { code: 'ERR_SHARD_FAILED', shard: 'down:1', retryable: true, cause: expect.anything() };
    // The first calls meet broken connections of the pool, later ones a server that refuses them.
    for (let call = 0; call < 5; call += 1) await expect(users.findOneBy({ guid: `${there?.guid}` })).rejects.toMatchObject(refused);
    await expect(users.save({ ...there, name: 'new' } as User)).rejects.toMatchObject(refused);
    await expect(users.delete({ guid: `${there?.guid}` })).rejects.toMatchObject(refused);

    expect(await users.findOneBy({ guid: `${here?.guid}` })).toEqual(here);
    await users.save({ ...here, name: 'new' } as User);
    expect(await users.findOneBy({ guid: `${here?.guid}` })).toMatchObject({ name: 'new' });
  }, 60_000);

  it('is named by every scatter, with what failed and what did not', async () => {
    await down.kill('SIGKILL');
    const failed = [{ shard: 'down:1' }, { shard: 'down:2' }];
    const refused = {
      code: 'ERR_SHARDS_FAILED',
      failed,
      succeeded: ['up'],
      retryable: true,
      message: expect.stringMatching(/down:1.*, down:2/),
    };

    await expect(cluster.getRepository(User).count()).rejects.toMatchObject(refused);
    await expect(cluster.getRepository(User).find()).rejects.toMatchObject(refused);
    await expect(cluster.query('SELECT 1', [], { shards: 'all' })).rejects.toMatchObject(refused);
  }, 60_000);

  it('is named by a save on several shards, with what was committed', async () => {
    const users = cluster.getRepository(User);
    const changed = someUsers.map((user) => users.create({ ...user, name: 'changed' }));
    await down.kill('SIGKILL');

    await expect(users.save(changed)).rejects.toMatchObject({
      code: 'ERR_SHARDS_FAILED',
      operation: 'save',
      failed: expect.arrayContaining([expect.objectContaining({ shard: 'down:1' }), expect.objectContaining({ shard: 'down:2' })]),
      succeeded: ['up'],
    });

    expect(await users.onShard('up').countBy({ name: 'changed' })).toBe(usersOf('up').length);
  }, 60_000);

  it('is reported by health(), and used again once it is back, without another cluster', async () => {
    const users = cluster.getRepository(User);
    const sources = cluster.shards.map(({ dataSource }) => dataSource);
    await down.kill('SIGKILL');

    expect(await cluster.health()).toMatchObject([
      { shard: 'up', status: 'up' },
      { shard: 'down:1', status: 'down', error: { shard: 'down:1' } },
      { shard: 'down:2', status: 'down', error: { shard: 'down:2' } },
    ]);
    await down.restart();

    // Connections that the server has closed are noticed one by one.
    await waitUntil(async () => (await cluster.health()).every(({ status }) => status === 'up'), { what: 'the shard to be up' });
    expect(await users.count()).toBe(someUsers.length);
    await users.save(someUsers.map((user) => users.create({ ...user, name: 'again' })));
    expect(await users.countBy({ name: 'again' })).toBe(someUsers.length);
    expect(cluster.shards.map(({ dataSource }) => dataSource)).toEqual(sources);
  }, 90_000);

  it('is reported by health() within its time when it does not answer', async () => {
    await down.kill('SIGSTOP');
    const startedMs = performance.now();

    const health = await cluster.health({ timeoutMs: 300 });

    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(health.map(({ shard, status }) => [shard, status])).toEqual([
      ['up', 'up'],
      ['down:1', 'down'],
      ['down:2', 'down'],
    ]);
    expect(health[1]?.error).toMatchObject({ code: 'ERR_SHARD_FAILED', retryable: true, driverCode: 'ETIMEDOUT' });
    await down.kill('SIGCONT');
  }, 60_000);

  it('names the shard of a query that was under way when it died', async () => {
    const sleep = kind === 'postgres' ? 'select pg_sleep(30)' : 'select sleep(30)';
    const query = cluster.query(sleep, [], { shards: ['down:1'] }).catch((error: unknown) => error);
    const running =
      kind === 'postgres'
        ? `select count(*) as n from pg_stat_activity where query = '${sleep}'`
        : `select count(*) as n from information_schema.processlist where info = '${sleep}'`;
    await waitUntil(async () => Number((await runSql(down, [running]))[0]?.n) === 1, { what: 'the query to run' });

    await down.kill('SIGKILL');

    expect(await query).toMatchObject({ code: 'ERR_SHARD_FAILED', shard: 'down:1', retryable: true });
  }, 60_000);
});
