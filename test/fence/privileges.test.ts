import { DataSource, type DataSourceOptions } from 'typeorm';
import { hashRing, ShardedDataSource } from '../../src';
import type { ShardDataSource } from '../../src/cluster';
import { arm, disarm, guardState, provision } from '../../src/fence';
import { startCluster } from '../cluster/fixtures/clusters';
import { describeOn } from '../cluster/fixtures/describe-on';
import { createDatabases, type PrivateServer, runSql, serverKinds, startServer, type TestDatabases } from '../database';
import { Item } from './fixtures/entities';
import { GROUPS } from './fixtures/fenced-member';

const groups = [{ name: 'Item', table: hashRing().compile(['s1']), version: 1 }];
const CONTROL = ['_shard_control', '_shard_ownership', '_shard_log'];

describeOn(serverKinds, 'A user without the rights', (kind) => {
  let databases: TestDatabases;
  let owner: ShardedDataSource;
  let plain: ShardedDataSource;
  let user: string;

  const source = () => plain.shards[0]!.dataSource as ShardDataSource;
  const ownerSource = () => owner.shards[0]!.dataSource as ShardDataSource;
  const run = async (...statements: string[]) => {
    for (const statement of statements) await ownerSource().query(statement);
  };
  const database = () => String(databases.shards[0]!.options.database);
  const grant = (rights: string, on: string) =>
    run(kind === 'mariadb' ? `GRANT ${rights} ON ${on} TO '${user}'@'%'` : `GRANT ${rights} ON ${on} TO ${user}`);

  beforeEach(async () => {
    databases = await createDatabases(kind, 1);
    owner = await startCluster(databases, { entities: [Item], synchronize: true });
    user = `plain_${Math.random().toString(36).slice(2, 10)}`;
    if (kind === 'mariadb') {
      await run(
        `CREATE USER '${user}'@'%' IDENTIFIED BY 'plain'`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ${database()}.* TO '${user}'@'%'`,
      );
    } else {
      await run(
        `CREATE ROLE ${user} LOGIN PASSWORD 'plain'`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${user}`,
      );
    }
    await reconnect();
  }, 120_000);

  /** MariaDB looks at the rights on a database when a connection chooses it. */
  const reconnect = async () => {
    await plain?.destroy();
    plain = await startCluster(databases, { entities: [Item], username: user, password: 'plain', shards: [plainShard()] });
  };

  const plainShard = () => ({ name: 's1', ...databases.shards[0]!.options, username: user, password: 'plain' });

  afterEach(async () => {
    await plain?.destroy();
    if (kind === 'postgres') await run(`DROP OWNED BY ${user} CASCADE`, `DROP ROLE ${user}`);
    else await run(`DROP USER '${user}'@'%'`);
    await owner?.destroy();
    await databases?.stop();
  });

  it('is told which right is missing, step by step, and can provision and arm when it has them', async () => {
    const fault = { code: 'ERR_FENCE_PRIVILEGE', shard: 's1', retryable: false };
    await expect(provision(source(), groups)).rejects.toMatchObject({
      ...fault,
      operation: 'create the tables _shard_control, _shard_ownership, _shard_log',
      grant: expect.stringContaining('CREATE'),
    });
    await (kind === 'mariadb' ? grant('CREATE', `${database()}.*`) : grant('CREATE', 'SCHEMA public'));
    await reconnect();
    if (kind === 'mariadb') {
      await expect(provision(source(), groups)).rejects.toMatchObject({
        ...fault,
        operation: 'create triggers',
        grant: expect.stringContaining('TRIGGER'),
      });
      await grant('TRIGGER', `${database()}.*`);
      await reconnect();
    }
    await provision(source(), groups);
    if (kind === 'postgres') {
      const armed = arm(source(), [GROUPS.slot]);
      await expect(armed).rejects.toMatchObject({
        ...fault,
        operation: 'create or drop the triggers of item',
        grant: expect.stringContaining('TRIGGER'),
      });
      await grant('TRIGGER', 'item');
    }
    expect(await arm(source(), [GROUPS.slot])).toMatchObject({ isArmed: true });
    await disarm(kind === 'postgres' ? ownerSource() : source(), [GROUPS.slot]);
  });

  it('needs no right on the control tables to write through the guards, and none to provision again', async () => {
    await provision(ownerSource(), groups);
    await arm(ownerSource(), [GROUPS.slot]);
    if (kind === 'mariadb') {
      await run(`REVOKE ALL PRIVILEGES ON ${database()}.* FROM '${user}'@'%'`);
      await grant('SELECT, INSERT, UPDATE, DELETE', `${database()}.item`);
      await grant('SELECT', `${database()}._shard_identity`);
      await reconnect();
    }
    await plain.getRepository(Item).insert({ id: 'a', owner: 'ada', value: 1 });
    await run('UPDATE _shard_ownership SET new_modulus = 0, old_modulus = 0');
    await expect(plain.getRepository(Item).insert({ id: 'b', owner: 'ada', value: 1 })).rejects.toThrow();
    await run('UPDATE _shard_ownership SET new_modulus = 1, old_modulus = 1');
    if (kind === 'postgres') expect(await guardState(source(), [GROUPS.slot])).toMatchObject({ isArmed: true });
    for (const table of CONTROL) await grant('SELECT', kind === 'mariadb' ? `${database()}.${table}` : table);
    await expect(provision(source(), groups)).rejects.toMatchObject({ code: 'ERR_FENCE_PRIVILEGE', operation: 'create triggers' });
  });
});

describeOn(
  serverKinds.filter((kind) => kind === 'mariadb'),
  'A server that writes a binary log',
  () => {
    let server: PrivateServer;

    beforeAll(async () => {
      server = await startServer('mariadb', ['--log-bin=binlog', '--server-id=1']);
      await runSql(server, [
        'CREATE DATABASE app',
        "CREATE USER 'plain'@'%' IDENTIFIED BY 'plain'",
        "GRANT ALL PRIVILEGES ON app.* TO 'plain'@'%'",
      ]);
    }, 120_000);

    afterAll(() => server?.stop());

    it('lets no user without SUPER make triggers, which is said with both ways out', async () => {
      const place = { type: 'mysql', host: server.host, port: server.port, database: 'app', username: 'plain', password: 'plain' } as const;
      const cluster = await new ShardedDataSource({ ...place, entities: [Item], synchronize: true, shards: ['s1'] }).initialize();
      try {
        const source = cluster.shards[0]!.dataSource as ShardDataSource;
        await expect(provision(source, groups)).rejects.toMatchObject({
          code: 'ERR_FENCE_PRIVILEGE',
          operation: 'create triggers',
          grant: expect.stringMatching(/SUPER.*SET GLOBAL log_bin_trust_function_creators = 1/),
          cause: { driverError: { errno: 1419 } },
        });
        const admin = await new DataSource({
          ...place,
          username: server.username,
          password: server.password,
        } as DataSourceOptions).initialize();
        await admin.query('SET GLOBAL log_bin_trust_function_creators = 1');
        await admin.destroy();
        await provision(source, groups);
        expect(await arm(source, [GROUPS.slot])).toMatchObject({ isArmed: true });
      } finally {
        await cluster.destroy();
      }
    });
  },
);
