import { Between, Column, type ColumnType, DataSource, Entity, In, LessThan, type ObjectLiteral, PrimaryColumn } from 'typeorm';
import { ConfigurationError, type ShardedDataSource, ShardKey } from '../../src';
import { createTestCluster, goldenRoutes, recordStatements, type TestCluster } from '../../src/testing';
import { startCluster } from '../cluster/fixtures/clusters';
import { describeOn } from '../cluster/fixtures/describe-on';
import { createDatabases, databaseKinds, type TestDatabases } from '../database';
import { MysqlOther, MysqlRow, mysqlRows, PostgresRow, postgresRows } from './fixtures/foreign-entities';

/** An entity of one column beside its key. */
function entityWith(type: ColumnType, options: object = {}) {
  class Thing {
    @PrimaryColumn() @ShardKey() id!: string;
    @Column({ type, nullable: true, ...options } as never) value!: unknown;
  }
  Entity()(Thing);
  return Thing;
}

describe('Entities made for MySQL in a test cluster', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await createTestCluster({ entities: [MysqlRow, MysqlOther] });
    await cluster.getRepository(MysqlRow).save(mysqlRows.map((row) => ({ ...row })) as object[]);
  });

  afterAll(() => cluster.destroy());

  const idsOf = async (where: object) => (await cluster.getRepository(MysqlRow).findBy(where)).map(({ id }) => id);

  it.each([
    ['a decimal', { price: '12.50' }],
    ['a bigint', { large: '9223372036854775807' }],
    ['a key beyond 2^53', { id: '18014398509481985' }],
    ['a time', { seen: new Date('2024-03-01T12:00:00.123Z') }],
    ['an interval of times', { seen: Between(new Date('2024-03-01T00:00:00Z'), new Date('2024-03-02T00:00:00Z')) }],
    ['a truth value', { active: true }],
    ['an enum', { level: 2 }],
    ['bytes', { bytes: Buffer.from([0, 255, 7]) }],
    ['a text of a collation that ignores case', { loose: In(['ADA']) }],
    ['a number', { year: 2024, ratio: LessThan(1) }],
  ])('are found by %s', async (_, where) => {
    expect(await idsOf(where)).toEqual(['18014398509481985']);
  });

  it('keep times of creation and update to the millisecond', async () => {
    const [{ created, touched }] = (await cluster.getRepository(MysqlRow).find({ take: 1 })) as [MysqlRow];
    for (const date of [created, touched]) expect(Math.abs(Date.now() - date.getTime())).toBeLessThan(60_000);
    expect(String(await cluster.query('SELECT created AS t FROM mysql_row', [], { shards: 'all' }).then(JSON.stringify))).toMatch(
      /\.\d{3}/,
    );
  });

  it('refuse values that SQLite would not keep exactly', async () => {
    const rows = cluster.getRepository(MysqlRow);
    const row = { ...mysqlRows[1], id: '8' };
    await expect(rows.insert({ ...row, price: '1234567890123456.78' } as object)).rejects.toThrow('more than 15 digits');
    await expect(rows.insert({ ...row, large: '18446744073709551615' } as object)).rejects.toThrow('above 2^63 - 1');
    await expect(rows.insert({ ...row, state: 'lost' } as object)).rejects.toMatchObject({ code: 'ERR_SHARD_FAILED' });
  });

  it('take the isolation levels and nested transactions of MySQL', async () => {
    await cluster.transaction('REPEATABLE READ', async (manager) => {
      await manager.update(MysqlRow, { id: '7' }, { tiny: 9 });
      await manager.transaction((nested) => nested.update(MysqlRow, { id: '7' }, { tiny: 0 }));
    });
    expect(await idsOf({ tiny: 0 })).toEqual(['7']);
  });

  it('leave the class as it is for other data sources', async () => {
    const mysql = new DataSource({ type: 'mysql', database: 'none', entities: [MysqlRow], driver: {} });
    await (mysql as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
    const column = (name: string) => mysql.getMetadata(MysqlRow).findColumnWithPropertyName(name);
    expect([column('code')?.collation, column('code')?.type, column('tags')?.enum]).toEqual(['utf8mb4_bin', 'char', ['a', 'b', 'c']]);
    expect(mysql.getMetadata(MysqlRow).indices[0]?.name).toBe('idx_created');
  });
});

describe('Entities made for PostgreSQL in a test cluster', () => {
  it('are not updated by a save that changes nothing', async () => {
    const cluster = await createTestCluster({ entities: [PostgresRow] });
    const rows = cluster.getRepository(PostgresRow);
    await rows.save(postgresRows.map((row) => ({ ...row })) as object[]);
    const statements = await recordStatements(cluster, async () => rows.save(await rows.find()));
    expect(statements.filter(({ sql }) => !sql.startsWith('SELECT'))).toEqual([]);
    await cluster.destroy();
  });
});

const foreign = [
  ['mariadb', MysqlRow, mysqlRows],
  ['postgres', PostgresRow, postgresRows],
] as const;

for (const [kind, entity, rows] of foreign) {
  describeOn(
    databaseKinds.filter((each) => each === kind),
    'A row of a test cluster',
    () => {
      let databases: TestDatabases;
      let real: ShardedDataSource;
      let test: TestCluster;

      beforeAll(async () => {
        databases = await createDatabases(kind, 2);
        real = await startCluster(databases, { entities: [entity], synchronize: true });
        test = await createTestCluster({ entities: [entity], shards: ['s1', 's2'] });
      }, 60_000);

      afterAll(async () => {
        await test?.destroy();
        await real?.destroy();
        await databases?.stop();
      });

      it('comes back as from the real database, value by value', async () => {
        const [there, here] = await Promise.all([real, test].map((cluster) => savedAndRead(cluster, entity, rows)));
        expect(here).toEqual(there);
        expect(here).toHaveLength(rows.length);
      });

      it('is on the shard where it is in production', () => {
        const keys = [[entity, rows.map(({ id }) => id)]] as const;
        expect(goldenRoutes(test, keys)).toEqual(goldenRoutes(real, keys));
      });
    },
  );
}

/** The rows as they are found after a save, without the times that the databases gave. */
async function savedAndRead(cluster: DataSource, entity: new () => ObjectLiteral, rows: readonly object[]): Promise<readonly object[]> {
  const repository = cluster.getRepository(entity);
  await repository.save(rows.map((row) => ({ ...row })));
  const found = await repository.find({ order: { id: 'ASC' } });
  return found.map(({ created, updated, touched, ...row }) => {
    expect([created, updated, touched]).toEqual([expect.any(Date), expect.any(Date), expect.any(Date)]);
    return row;
  });
}

describe('A column type that nothing in SQLite resembles', () => {
  it('is refused by name with all others, and the way out', async () => {
    const Point = entityWith('point');
    const Range = entityWith('int4range');
    Object.defineProperty(Range, 'name', { value: 'Range' });
    const attempt = createTestCluster({ entities: [Point, Range] });
    await expect(attempt).rejects.toThrow(ConfigurationError);
    const cause = (await attempt.catch((error: unknown) => error)) as ConfigurationError;
    expect(cause.faults).toEqual([
      expect.stringMatching(/^Thing\.value has the type point, .* columnTypes: \{ 'point': 'text' \}/),
      expect.stringContaining('has the type int4range'),
    ]);
  });

  it('is kept as the options say', async () => {
    const Point = entityWith('point');
    const cluster = await createTestCluster({ entities: [Point], columnTypes: { point: 'text' } });
    await cluster.getRepository(Point).save({ id: 'a', value: 'POINT(1 2)' });
    expect(await cluster.getRepository(Point).find()).toEqual([{ id: 'a', value: 'POINT(1 2)' }]);
    await cluster.destroy();
  });

  it('is refused for arrays of bytes too', async () => {
    await expect(createTestCluster({ entities: [entityWith('bytea', { array: true })] })).rejects.toThrow('the type bytea[]');
  });
});

describe('A default that the database computes', () => {
  it.each([
    ['gen_random_uuid()', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ['(UUID())', /^[0-9a-f]{8}-/],
    ['CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/],
    ['CURRENT_DATE', /^\d{4}-\d\d-\d\d$/],
    ["'none'::character varying", /^none$/],
    ["('a' || 'b')", /^ab$/],
  ])('of %s has a value in the row', async (expression, value) => {
    const Thing = entityWith('varchar', { default: () => expression });
    const cluster = await createTestCluster({ entities: [Thing] });
    await cluster.getRepository(Thing).insert({ id: 'a' });
    expect(await cluster.getRepository(Thing).findOneByOrFail({ id: 'a' })).toEqual({ id: 'a', value: expect.stringMatching(value) });
    await cluster.destroy();
  });

  it('that SQLite does not know is refused when it is needed', async () => {
    const Thing = entityWith('varchar', { default: () => "nextval('things')" });
    const cluster = await createTestCluster({ entities: [Thing] });
    await expect(cluster.getRepository(Thing).insert({ id: 'a' })).rejects.toMatchObject({ code: 'ERR_SHARD_FAILED' });
    await cluster.destroy();
  });
});
