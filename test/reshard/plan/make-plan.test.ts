import { Column, Entity, ManyToOne, PrimaryColumn } from 'typeorm';
import { hashRing, modulo, ReferenceTable, Sharded, type ShardedDataSource, ShardKey } from '../../../src';
import { ReshardRefusedError } from '../../../src/errors';
import { makePlan } from '../../../src/reshard/plan';
import { provisionCluster } from '../../../src/reshard/provision-cluster';
import { sqlTopology } from '../../../src/topology';
import { startCluster } from '../../cluster/fixtures/clusters';
import { createDatabases, sampledKinds, type TestDatabases } from '../../database';
import { caseOn } from '../../long-run';

@Entity()
class Owner {
  @PrimaryColumn() @ShardKey() name!: string;
}

@Entity()
class Thing {
  @PrimaryColumn('int') id!: number;
  @PrimaryColumn() @ShardKey(() => Owner) ownerName!: string;
  @ManyToOne(() => Owner) owner!: Owner;
}

@Entity()
@Sharded({ placement: modulo(['s1', 's2']) })
class Topic {
  @PrimaryColumn('bigint') @ShardKey() id!: string;
  @Column({ default: 0 }) value!: number;
}

@Entity()
@ReferenceTable()
class Country {
  @PrimaryColumn() code!: string;
}

const entities = [Owner, Thing, Topic, Country];

describe.each(sampledKinds)('makePlan on %s', (kind) => {
  let databases: TestDatabases;
  let cluster: ShardedDataSource;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3);
    const weighted = { shards: databases.shards.map(({ name, options }, index) => ({ name, ...options, weight: index === 2 ? 0 : 1 })) };
    const more = { ...weighted, entities, synchronize: true, topology: sqlTopology({ type: 'sqljs' }), placement: hashRing() };
    cluster = await startCluster(databases, more);
    await provisionCluster(cluster.live);
  });

  afterEach(async () => {
    await cluster.destroy();
    await databases.stop();
  });

  async function reasons(change: Parameters<typeof makePlan>[1], options = {}): Promise<readonly string[]> {
    const error = await makePlan(cluster.live, change, options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReshardRefusedError);
    return (error as ReshardRefusedError).reasons;
  }

  async function seed(entity: typeof Owner | typeof Topic, rows: readonly object[]): Promise<void> {
    for (let at = 0; at < rows.length; at += 200) await cluster.getRepository<object>(entity).insert(rows.slice(at, at + 200));
  }
  const seedOwners = (count: number) =>
    seed(
      Owner,
      Array.from({ length: count }, (_, index) => ({ name: `o${index}` })),
    );
  const seedTopics = (count: number) =>
    seed(
      Topic,
      Array.from({ length: count }, (_, index) => ({ id: String(index) })),
    );
  const sqlOn = (shard: string, sql: string) => cluster.query(sql, [], { shards: [shard] });
  const quote = (name: string) => cluster.driver.escape(name);

  it('says what would move, as many rows as really would, and how the shards would be filled', async () => {
    await seedOwners(300);
    const plan = await makePlan(cluster.live, { add: ['s3'] });
    const { to } = plan.moves.get('Owner')!;
    const moving = Array.from({ length: 300 }, (_, index) => cluster.core.placeOfKey(Owner, `o${index}`)).filter(
      ({ position }) => to.ownerOf(position) === 's3',
    );
    expect(plan).toMatchObject({
      title: 'add s3',
      rows: moving.length,
      referenceTables: ['country'],
      baseVersion: cluster.live.current.version,
    });
    expect([...plan.moves.keys()]).toEqual(['Owner']);
    const { balance, tables, moves } = plan.groups[0]!;
    expect([...tables].sort()).toEqual(['owner', 'thing']);
    expect(moves.map(({ from, to: target }) => [from, target])).toEqual([
      ['s1', 's3'],
      ['s2', 's3'],
    ]);
    expect(balance.reduce((sum, { rowsBefore }) => sum + rowsBefore, 0)).toBe(300);
    expect(balance.find(({ shard }) => shard === 's3')).toMatchObject({ rowsBefore: 0, rowsAfter: moving.length });
    expect(plan.bytes).toBeGreaterThan(0);
  });

  caseOn(kind, 0)('cuts a long segment at equal counts of rows, and a short one not at all', async () => {
    await seedTopics(4_000);
    const change = { placement: modulo(['s1', 's2', 's3']), group: 'Topic' };
    const { moves } = await makePlan(cluster.live, change, { chunkRows: 50 });
    const { rows } = moves.get('Topic')!;
    expect(rows.length).toBeGreaterThanOrEqual(16);
    expect(rows.some(({ since, upto }) => since < 0 && upto > 0)).toBe(false);
    const sizes = rows.map(({ since, upto }) => Math.min(4_000, Number(upto)) - Math.max(0, Number(since))).filter((size) => size > 0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * (4_000 / 16));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(50);
    expect(rows.map(({ since }) => since).slice(1)).toEqual(rows.map(({ upto }) => upto).slice(0, -1));
    expect((await makePlan(cluster.live, change, { chunkRows: 5_000 })).moves.get('Topic')!.rows).toHaveLength(2);
  });

  caseOn(kind, 1)('refuses a key with more rows than may be frozen, without saying which', async () => {
    await seedOwners(50);
    const { to } = (await makePlan(cluster.live, { add: ['s3'] })).moves.get('Owner')!;
    const moving = Array.from({ length: 50 }, (_, index) => `o${index}`).find(
      (name) => to.ownerOf(cluster.core.placeOfKey(Owner, name).position) === 's3',
    )!;
    await cluster.getRepository(Thing).insert(Array.from({ length: 12 }, (_, id) => ({ id, ownerName: moving, owner: { name: moving } })));
    const [reason, ...others] = await reasons({ add: ['s3'] }, { maxFrozenRows: 12 });
    expect(others).toEqual([]);
    expect(reason).toContain('one key has 13 rows, most of them in table thing, and at most 12');
    expect(reason).not.toContain(moving);
    await makePlan(cluster.live, { add: ['s3'] }, { maxFrozenRows: 13 });
  });

  caseOn(kind, 2)('refuses rows that stand where they should not', async () => {
    await seedOwners(20);
    const change = { add: ['s3'] };
    const [row] = (await makePlan(cluster.live, change)).moves.get('Owner')!.rows;
    await sqlOn('s3', `INSERT INTO owner (name, ${quote('_shard_position')}) VALUES ('x', ${row!.since})`);
    expect(await reasons(change)).toEqual([expect.stringMatching(/Shard s3, table .*owner: 1 row\(s\) are there that other shards own/)]);
  });

  it('refuses tables that differ, and a missing index of the position', async () => {
    await sqlOn('s3', `ALTER TABLE topic ADD COLUMN extra INT NULL`);
    const change = { placement: modulo(['s1', 's2', 's3']), group: 'Topic' };
    expect(await reasons(change)).toEqual([
      expect.stringContaining('Table topic differs between the shards s1 and s3 in type, nullability or collation of the column(s) extra'),
    ]);
    const index = cluster.shard('s1').dataSource.getMetadata(Owner).indices[0]!.name;
    await sqlOn('s1', kind === 'mariadb' ? `DROP INDEX ${quote(index)} ON owner` : `DROP INDEX ${quote(index)}`);
    expect(await reasons({ add: ['s3'] })).toContainEqual(
      expect.stringContaining('Shard s1, table owner: there is no index over (_shard_position, name)'),
    );
  });

  caseOn(kind, 3)('refuses a database that was not provisioned', async () => {
    await sqlOn('s3', 'DROP TABLE _shard_control');
    expect(await reasons({ add: ['s3'] })).toEqual([
      'There are no control tables for what moves on s3. Run cluster.reshard.provision() or typeorm-sharding provision.',
    ]);
  });

  it('refuses foreign keys from tables outside of the group', async () => {
    if (kind === 'mariadb') {
      await sqlOn('s1', 'CREATE TABLE outsider LIKE owner');
      await sqlOn('s1', 'ALTER TABLE outsider ADD FOREIGN KEY (name) REFERENCES owner (name)');
    } else await sqlOn('s1', 'CREATE TABLE outsider (name VARCHAR(255), FOREIGN KEY (name) REFERENCES owner (name))');
    expect(await reasons({ add: ['s3'] })).toEqual([
      expect.stringContaining('Shard s1: a foreign key leads from table outsider, which is not of the group, to owner'),
    ]);
  });
});
