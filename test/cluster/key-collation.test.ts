import { Column, Entity, JoinTable, ManyToMany, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ReferenceTable, ShardKey } from '../../src';
import { createDatabases, sampledKinds, serverKinds, type TestDatabases } from '../database';
import { sqlOn, startCluster } from './fixtures/clusters';
import { describeOn } from './fixtures/describe-on';
import { User } from './fixtures/entities';

jest.setTimeout(30_000);

@Entity()
@ReferenceTable()
class Role {
  @PrimaryColumn({ length: 20 })
  name!: string;
}

@Entity()
class Account {
  @PrimaryColumn({ length: 40 })
  @ShardKey()
  email!: string;

  @ManyToMany(() => Role)
  @JoinTable()
  roles!: Role[];
}

@Entity()
class Visit {
  @PrimaryColumn({ length: 40 })
  id!: string;

  @ShardKey(() => Account)
  @ManyToOne(() => Account)
  account!: Relation<Account>;
}

@Entity('user')
class NormalizedUser {
  @PrimaryColumn()
  @ShardKey({ normalize: (value) => value.toLowerCase() })
  guid!: string;

  @Column()
  name!: string;
}

describe.each(sampledKinds)('Key columns (%s)', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 1);
  });

  afterEach(() => databases.stop());

  it('that the library makes tell keys apart by case, accent and trailing blank', async () => {
    await using cluster = await startCluster(databases, { entities: [User], synchronize: true });
    const users = cluster.getRepository(User);
    const guids = ['a', 'A', 'a ', 'á', 'a\u0301', 'a\t', 'ａ'];

    for (const guid of guids) await users.insert({ guid, name: `name of ${guid}` });

    for (const guid of guids) expect(await users.findOneBy({ guid })).toEqual({ guid, name: `name of ${guid}` });
  });
});

const onMariadb = serverKinds.includes('mariadb') ? (['mysql', 'mariadb'] as const) : [];

describeOn(onMariadb, 'Key columns on MariaDB, type', (mysqlDriver) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases('mariadb', 2, { mysqlDriver });
  });

  afterEach(() => databases.stop());

  const onEach = (sql: string) => Promise.all(databases.shards.map((shard) => sqlOn(databases, shard, sql)));

  it('compare byte for byte, as do columns that refer to them, so that foreign keys work', async () => {
    await using cluster = await startCluster(databases, { entities: [Role, Account, Visit], synchronize: true });

    const [rows] = await onEach(
      'SELECT table_name AS t, column_name AS c, collation_name AS n FROM information_schema.columns ' +
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL AND table_name <> '_shard_identity'",
    );
    const collations = Object.fromEntries(rows!.map(({ t, c, n }) => [`${t}.${c}`, n]));
    expect(collations).toMatchObject({
      'account.email': 'utf8mb4_nopad_bin',
      'visit.accountEmail': 'utf8mb4_nopad_bin',
      'account_roles_role.accountEmail': 'utf8mb4_nopad_bin',
    });
    expect(collations['role.name']).not.toBe('utf8mb4_nopad_bin');
    const accounts = cluster.getRepository(Account);
    const roles = await cluster.getRepository(Role).save([{ name: 'admin' }]);
    // On one shard, a looser collation would take these for one key.
    for (const email of ['a@x', 'A@x', 'a@x ', 'á@x']) await accounts.insert({ email });
    await accounts.save({ email: 'a@x', roles });
    await cluster.getRepository(Visit).save({ id: 'v', account: { email: 'a@x ' } });
    expect(await accounts.findOne({ where: { email: 'a@x' }, relations: { roles: true } })).toEqual({ email: 'a@x', roles });
    expect(await accounts.findOneBy({ email: 'A@x' })).toEqual({ email: 'A@x' });
    expect(await accounts.count()).toBe(4);
  });

  it('with a collation that ignores case are refused unless the key is normalized', async () => {
    await onEach(userTable('utf8mb4_general_ci'));

    await expect(startCluster(databases, { entities: [User] })).rejects.toMatchObject({
      code: 'ERR_SHARDS_FAILED',
      failed: ['s1', 's2'].map((shard) => ({
        shard,
        error: { code: 'ERR_CONFIGURATION', faults: [looseUser(shard, 'utf8mb4_general_ci')] },
      })),
    });

    await using cluster = await startCluster(databases, { entities: [NormalizedUser] });
    const users = cluster.getRepository(NormalizedUser);
    await users.insert({ guid: 'Ab', name: 'x' });
    expect(await users.findOneBy({ guid: 'aB' })).toEqual({ guid: 'Ab', name: 'x' });
    await expect(users.findOneBy({ guid: 'aB ' })).rejects.toMatchObject({ code: 'ERR_SHARD_KEY_INVALID' });
  });

  it('with a binary collation that pads refuse keys with trailing blanks', async () => {
    await onEach(userTable('utf8mb4_bin'));
    await using cluster = await startCluster(databases, { entities: [User] });
    const users = cluster.getRepository(User);

    await users.insert({ guid: 'a', name: 'x' });

    const refused = { code: 'ERR_SHARD_KEY_INVALID', message: expect.stringContaining('User.guid') };
    await expect(users.findOneBy({ guid: 'a ' })).rejects.toMatchObject(refused);
    await expect(users.insert({ guid: 'a ', name: 'x' })).rejects.toMatchObject(refused);
    expect(() => cluster.shardFor(User, 'a ')).toThrow(expect.objectContaining({ code: 'ERR_SHARD_KEY_INVALID' }));
    expect(await users.findOneBy({ guid: 'A' })).toBeNull();
  });

  it('of partitions are checked too', async () => {
    const shards = databases.shards.map(({ name, options }) => ({ name, ...options, partitions: [1] }));
    await onEach(userTable('utf8mb4_unicode_ci').replace('`user`', '`user_p1`'));

    await expect(startCluster(databases, { entities: [User], shards })).rejects.toMatchObject({
      failed: [{ error: { faults: [looseUser('s1:1', 'utf8mb4_unicode_ci')] } }, { shard: 's2:1' }],
    });
  });
});

const onPostgres = serverKinds.filter((kind) => kind === 'postgres');

describeOn(onPostgres, 'Key columns on PostgreSQL', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 1);
    const [shard] = databases.shards;
    await sqlOn(databases, shard!, "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  });

  afterEach(() => databases.stop());

  const table = (name: string) =>
    `CREATE TABLE ${name} (guid varchar COLLATE loose PRIMARY KEY, name varchar NOT NULL, _shard_position bigint)`;

  it('with a nondeterministic collation are refused unless the key is normalized', async () => {
    await sqlOn(databases, databases.shards[0]!, table('"user"'));

    await expect(startCluster(databases, { entities: [User] })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      faults: [looseUser('s1', 'loose')],
    });

    await using cluster = await startCluster(databases, { entities: [NormalizedUser] });
    await cluster.getRepository(NormalizedUser).insert({ guid: 'Ab', name: 'x' });
    expect(await cluster.getRepository(NormalizedUser).findOneBy({ guid: 'aB' })).toEqual({ guid: 'Ab', name: 'x' });
  });

  it('are judged by the table in the schema of the shard', async () => {
    await sqlOn(databases, databases.shards[0]!, 'CREATE SCHEMA app');
    await sqlOn(databases, databases.shards[0]!, table('app."user"'));

    await expect(startCluster(databases, { entities: [User], schema: 'app' })).rejects.toMatchObject({
      faults: [looseUser('s1', 'loose')],
    });

    await using cluster = await startCluster(databases, { entities: [User], schema: 'other', synchronize: true });
    expect(await cluster.getRepository(User).count()).toBe(0);
  });
});

function userTable(collation: string): string {
  return `CREATE TABLE \`user\` (guid varchar(255) COLLATE ${collation} PRIMARY KEY, name varchar(255) NOT NULL, _shard_position bigint)`;
}

function looseUser(shard: string, collation: string): unknown {
  return expect.stringMatching(new RegExp(`^User\\.guid on shard "${shard}" has the collation ${collation},.*normalize`));
}
