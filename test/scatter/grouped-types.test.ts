import { type ColumnOptions, EntitySchema, type EntityTarget, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';
import { declareSharding } from '../../src';
import { DirectAccess } from '../../src/cluster';
import { ScatterUnsupportedError } from '../../src/errors';
import type { EntitySharding } from '../../src/metadata';
import { scatterGrouped } from '../../src/scatter';
import { type DatabaseKind, databaseKinds } from '../database';
import { openTestCluster, type TestCluster } from '../repository/fixtures/test-cluster';

/** A column of a type, some values as SQL, and whether they can be added and compared. */
interface TypeCase {
  readonly column: Omit<ColumnOptions, 'name'>;
  readonly values: readonly string[];
  readonly canSum?: boolean;
  readonly hasNoLeast?: boolean;
}

const cases: Readonly<Record<'mariadb' | 'postgres', Readonly<Record<string, TypeCase>>>> = {
  mariadb: {
    tiny: { column: { type: 'tinyint' }, values: ['-128', '127', '0'], canSum: true },
    unsigned: { column: { type: 'bigint', unsigned: true }, values: ['18446744073709551615', '0', '9007199254740993'], canSum: true },
    wide: {
      column: { type: 'decimal', precision: 40, scale: 20 },
      values: ['12345678901234567890.12345678901234567891', '0.00000000000000000001'],
      canSum: true,
    },
    fixed: { column: { type: 'char', length: 5 }, values: ["'a'", "'A'", "'b'"] },
    long: { column: { type: 'longtext', charset: 'utf8mb4', collation: 'utf8mb4_bin' }, values: ["'a'", "'A'", "REPEAT('é', 3000)"] },
    latin: { column: { type: 'varchar', length: 10, charset: 'latin1', collation: 'latin1_swedish_ci' }, values: ["'é'", "'ü'", "'z'"] },
    german: {
      column: { type: 'varchar', length: 10, charset: 'utf8mb4', collation: 'utf8mb4_german2_ci' },
      values: ["'ä'", "'ad'", "'af'"],
    },
    year: { column: { type: 'year' }, values: ['1999', '2024'], canSum: true },
    stamp: {
      column: { type: 'timestamp', precision: 6, nullable: true },
      values: ["'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'"],
    },
    time: { column: { type: 'time', precision: 6 }, values: ["'-12:30:00.000001'", "'100:00:00'"] },
    native: { column: { type: 'uuid' }, values: ["'16b33f7b-2f2c-11ee-9f5a-0242ac110002'", "'26b33f7b-2f2c-11ed-9f5a-0242ac110002'"] },
    binary: { column: { type: 'binary', length: 4 }, values: ["X'00FF00FF'", "X'61'", "X'62'"] },
    blob: { column: { type: 'blob' }, values: ["X'00FF00FF'", "X'61'", "X''"] },
    float: { column: { type: 'float' }, values: ['16777217', '0.1', '123456.789'] },
  },
  postgres: {
    small: { column: { type: 'smallint' }, values: ['-32768', '32767'], canSum: true },
    free: { column: { type: 'numeric' }, values: ['1.50', '2.123456789012345678901234567890', '-3'], canSum: true },
    fixed: { column: { type: 'char', length: 5 }, values: ["'a'", "'A'", "'b'"] },
    zoned: {
      column: { type: 'timestamptz', precision: 6 },
      values: ["'2024-01-01 00:00:00.000001+02'", "'2024-01-01 00:00:00.000002+02'"],
    },
    interval: { column: { type: 'interval' }, values: ["'1 day'", "'1 month 2 hours'", "'-3 seconds'"] },
    array: { column: { type: 'int', array: true }, values: ["'{1,2}'", "'{}'", "'{NULL,3}'"] },
    texts: { column: { type: 'text', array: true }, values: [`'{"a b",c}'`, "'{}'"] },
    json: { column: { type: 'jsonb' }, values: [`'{"a": 1}'`, `'"text"'`, "'null'"], hasNoLeast: true },
    bits: { column: { type: 'bit', length: 3 }, values: ["B'101'", "B'001'"], hasNoLeast: true },
    address: { column: { type: 'inet' }, values: ["'10.0.0.1'", "'10.0.0.0/8'"] },
    float: { column: { type: 'double precision' }, values: ["'NaN'", "'Infinity'", '0.1', '1e-300'] },
    german: { column: { type: 'varchar', collation: 'de-x-icu' }, values: ["'ä'", "'ad'", "'Z'", "'a'"] },
  },
};

function casesOf(kind: DatabaseKind): Readonly<Record<string, TypeCase>> {
  return kind === 'mariadb' || kind === 'postgres' ? cases[kind] : {};
}

const servers = databaseKinds.filter((kind) => Object.keys(casesOf(kind)).length > 0);
const describeServers = servers.length > 0 ? describe.each(servers) : describe.skip.each(['mariadb' as const]);

describeServers('Grouped queries over columns of the type (%s)', (kind) => {
  let test: TestCluster;
  const columns = Object.fromEntries(Object.entries(casesOf(kind)).map(([name, { column }]) => [name, { nullable: true, ...column }]));
  const Typed = new EntitySchema({ name: 'Typed', columns: { id: { type: 'int', primary: true }, ...columns } } as never);
  const setColumn = { type: 'set', enum: ['a', 'b'], nullable: true };
  const Odd = new EntitySchema({ name: 'Odd', columns: { id: { type: 'int', primary: true }, set: setColumn } } as never);

  type Build = (builder: SelectQueryBuilder<ObjectLiteral>) => SelectQueryBuilder<ObjectLiteral>;
  const answers = async (entity: EntityTarget<ObjectLiteral>, build: Build) => {
    const { cluster, ordinary } = test;
    const shards = cluster.shards.map(({ name }) => cluster.shardHandle(name));
    const sharding = { metadata: cluster.getMetadata(entity) } as unknown as EntitySharding;
    const call = { operation: 'getRawMany', sharding, shards, access: new DirectAccess(3) };
    const actual = await scatterGrouped({ ...call, recipe: (manager) => build(manager.createQueryBuilder(entity, 'typed')) });
    return { actual, expected: await build(ordinary.createQueryBuilder(entity, 'typed')).getRawMany() };
  };

  beforeAll(async () => {
    const entities = kind === 'mariadb' ? [Typed, Odd] : [Typed];
    for (const entity of entities) declareSharding(entity, { key: ['id'] });
    test = await openTestCluster(kind, {
      entities,
      shards: 3,
      ordinary: true,
      options: kind === 'mariadb' ? { type: 'mariadb' } : {},
    } as never);
    const row = (id: number) =>
      Object.fromEntries(
        Object.entries(casesOf(kind)).map(([name, { values }]) => [name, id % 5 === 0 ? null : () => values[id % values.length] as string]),
      );
    for (let id = 1; id <= 24; id += 1) {
      await test.cluster.getRepository(Typed).insert({ id, ...row(id) } as never);
      await test.ordinary.getRepository(Typed).insert({ id, ...row(id) } as never);
    }
  });
  afterAll(() => test?.stop());

  it.each(Object.entries(casesOf(kind)))('%s are as over one database', async (name, { canSum, hasNoLeast }) => {
    const column = `typed.${name}`;
    const grouped = await answers(Typed, (query) =>
      query.select(column).addSelect('COUNT(*)', 'n').groupBy(column).orderBy(column, 'DESC'),
    );
    const distinct = await answers(Typed, (query) => query.select(column, 'k').distinct(true).orderBy('k'));
    const counted = await answers(Typed, (query) => query.select(`COUNT(DISTINCT ${column})`, 'n').addSelect(`COUNT(${column})`, 'c'));

    expect(grouped.expected.length).toBeGreaterThan(1);
    expect(folded(name, grouped.actual)).toEqual(folded(name, grouped.expected));
    expect(folded(name, distinct.actual)).toEqual(folded(name, distinct.expected));
    expect(counted.actual).toEqual(counted.expected);
    if ((!hasNoLeast && kind !== 'postgres') || canSum) {
      const extremes = await answers(Typed, (query) => query.select(`MIN(${column})`, 'least').addSelect(`MAX(${column})`, 'most'));
      expect(folded(name, extremes.actual)).toEqual(folded(name, extremes.expected));
    }
    if (canSum) {
      const sums = await answers(Typed, (query) => query.select(`SUM(${column})`, 's').addSelect(`AVG(${column})`, 'v'));
      expect(sums.actual).toEqual(sums.expected);
    }
  });

  if (kind === 'mariadb') {
    it('are refused by name where values of the type cannot travel', async () => {
      const error: unknown = await answers(Odd, (query) => query.select('typed.set').distinct(true)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ScatterUnsupportedError);
      expect(error).toMatchObject({ feature: 'values of the set column set' });
    });
  }
});

/** `fixed` has the server's own collation, which may take A for a: either may be shown. */
function folded(name: string, rows: readonly ObjectLiteral[]): readonly ObjectLiteral[] {
  if (name !== 'fixed') return rows;
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, typeof value === 'string' ? value.toLowerCase() : value])),
  );
}
