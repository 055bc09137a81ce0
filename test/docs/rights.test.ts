import { Column, Entity, PrimaryColumn, Raw } from 'typeorm';
import { ShardedDataSource, type ShardedDataSourceOptions, ShardKey } from '../../src';
import { describeOn } from '../cluster/fixtures/describe-on';
import { type PrivateServer, type ServerKind, serverKinds, startServer } from '../database';
import { kindNamed, runBlock, runIn } from './document-server';
import { blocksOf, serverOf } from './kinds';

@Entity()
class User {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column() name!: string;
}

@Entity()
class Order {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => User) @Column() userGuid!: string;
}

@Entity()
class Added {
  @PrimaryColumn() @ShardKey() id!: string;
}

const owner = { username: 'shop_owner', password: 'secret-1' };
/** What the drivers call a missing right. */
const DENIED: Readonly<Record<ServerKind, string>> = { mariadb: 'ER_TABLEACCESS_DENIED_ERROR', postgres: '42501' };
const app = { username: 'shop_app', password: 'secret-2' };

describeOn(serverKinds, 'The rights of docs/production.md', (kind) => {
  let server: PrivateServer;
  let service: ShardedDataSource;

  const clusterOf = (options: Partial<ShardedDataSourceOptions>) =>
    new ShardedDataSource({
      type: kind === 'mariadb' ? 'mariadb' : 'postgres',
      host: server.host,
      port: server.port,
      entities: [User, Order],
      name: 'shop-production',
      shards: [
        { name: 'shard-1', database: 'shop_1' },
        { name: 'shard-2', database: 'shop_2' },
      ],
      ...options,
    } as ShardedDataSourceOptions);

  /** Starts and ends a cluster, and tells what it throws. */
  async function fault(options: Partial<ShardedDataSourceOptions>): Promise<unknown> {
    const cluster = clusterOf(options);
    try {
      await cluster.initialize();
      return undefined;
    } catch (error) {
      return error;
    } finally {
      await cluster.destroy().catch(() => undefined);
    }
  }

  beforeAll(async () => {
    server = await startServer(kind);
    const own = blocksOf('SQL').filter((block) => block.file === 'docs/production.md' && kindNamed(serverOf(block)) === kind);
    for (const block of own) await runBlock(server, block);
    service = clusterOf(app);
  });

  afterAll(async () => {
    if (service?.isInitialized) await service.destroy();
    await server?.stop();
  });

  it('do not let the service be the first to start', async () => {
    expect(await fault(app)).toMatchObject({ code: 'ERR_SHARD_FAILED' });
  });

  it('let the owner make the schema, and the service start after it', async () => {
    expect(await fault({ ...owner, synchronize: true })).toBeUndefined();
    await service.initialize();
  });

  it('let the service do what services do', async () => {
    const users = service.getRepository(User);
    await users.save(['ada', 'bob', 'eve', 'dan'].map((guid) => ({ guid, name: guid.toUpperCase() })));
    await users.acrossShards().update({ name: 'EVE' }, { name: 'EVA' }); // on both databases
    await service.transaction((manager) => manager.delete(User, { guid: 'dan' }));
    expect((await users.find({ order: { name: 'DESC' }, skip: 1, take: 2 })).map(({ guid }) => guid)).toEqual(['bob', 'ada']);
    const groups = await users
      .createQueryBuilder('u')
      .select('LENGTH(u.name)', 'l')
      .addSelect('COUNT(*)', 'c')
      .groupBy('LENGTH(u.name)')
      .getRawMany();
    expect(groups.map(({ l, c }) => [Number(l), Number(c)])).toEqual([[3, 3]]);
    expect((await service.health()).map(({ status }) => status)).toEqual(['up', 'up']);
  });

  it('let the service end its own statements on the server', async () => {
    const wait = kind === 'mariadb' ? 'SLEEP(60)' : 'pg_sleep(60) IS NULL';
    const call = service.getRepository(User).withScatter({ timeoutMs: 300 });
    await expect(call.findBy({ name: Raw((name) => `(${name} <> '' AND ${wait})`) })).rejects.toMatchObject({ budget: 'timeoutMs' });
    const running =
      kind === 'mariadb'
        ? "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = 'shop_app' AND INFO LIKE '%SLEEP%'"
        : "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE usename = 'shop_app' AND state = 'active' AND query LIKE '%pg_sleep%'";
    await untilNone(running);
  });

  async function untilNone(sql: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (Number((await runIn(server, undefined, sql))[0]!.n) > 0) {
      if (performance.now() > deadline) throw new Error('Cancelled statements are still running.');
    }
  }

  it('do not let the service change the schema or empty a table', async () => {
    const refused = await fault({ ...app, entities: [User, Order, Added], synchronize: true });
    expect(refused).toMatchObject({
      code: 'ERR_SHARDS_FAILED',
      failed: [{ error: { driverCode: DENIED[kind] } }, { error: { driverCode: DENIED[kind] } }],
    });
    await expect(service.getRepository(Order).clear()).rejects.toMatchObject({ code: 'ERR_SHARDS_FAILED' });
  });

  it('let the service start with a table that the owner has added', async () => {
    const grown = { entities: [User, Order, Added] };
    expect(await fault({ ...owner, ...grown, synchronize: true })).toBeUndefined();
    expect(await fault({ ...app, ...grown })).toBeUndefined();
  });

  it('let an environment be given a name of its own, which another then cannot enter', async () => {
    for (const database of ['shop_1', 'shop_2']) {
      await runIn(server, database, "UPDATE _shard_identity SET cluster = 'shop-staging'", owner);
    }
    expect(await fault({ ...app, name: 'shop-staging' })).toBeUndefined();
    expect(await fault(app)).toMatchObject({ code: 'ERR_IDENTITY' });
  });
});
