import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { MergeOrderError, ScatterUnsupportedError } from '../../src/errors';
import { scatterAggregate, scatterGrouped } from '../../src/scatter';
import { sampledKinds } from '../database';
import { type GroupedCluster, openGroupedCluster, saleRow } from './fixtures/grouped-cluster';
import { familyOf } from './fixtures/sale';

type Build = (builder: SelectQueryBuilder<ObjectLiteral>) => SelectQueryBuilder<ObjectLiteral>;

const selecting =
  (sql: string): Build =>
  (query) =>
    query.select(sql, 'x').addSelect('COUNT(*)', 'n').groupBy('sale.name');

const refused: readonly (readonly [feature: string, build: Build])[] = [
  ['the aggregate GROUP_CONCAT', selecting('GROUP_CONCAT(sale.name)')],
  ['the aggregate STRING_AGG', selecting("STRING_AGG(sale.name, ',')")],
  ['the aggregate ARRAY_AGG', selecting('ARRAY_AGG(sale.name)')],
  ['the aggregate STDDEV', selecting('STDDEV(sale.units)')],
  ['the aggregate VAR_POP', selecting('VAR_POP(sale.units)')],
  ['the aggregate BIT_OR', selecting('BIT_OR(sale.units)')],
  ['the aggregate JSON_ARRAYAGG', selecting('JSON_ARRAYAGG(sale.units)')],
  ['the function RAND', selecting('RAND()')],
  ['the function MY_AGGREGATE', selecting('my_aggregate(sale.units)')],
  ['a window function', selecting('COUNT(*) OVER ()')],
  ['a window function', selecting('ROW_NUMBER() OVER (ORDER BY sale.units)')],
  ['FILTER', selecting('COUNT(*) FILTER (WHERE sale.units > 1)')],
  ['a sub-query', selecting('(SELECT 1)')],
  ['an aggregate of an aggregate', selecting('SUM(COUNT(*))')],
  ['the column units that is not in GROUP BY', selecting('sale.units')],
  ['the column units that is not in GROUP BY', selecting('sale.units + COUNT(*)')],
  ['the column units that is not in GROUP BY', (query) => selecting('COUNT(*)')(query).orderBy('sale.units')],
  ['the column units that is not in GROUP BY', (query) => selecting('COUNT(*)')(query).having('sale.units > 1')],
  ['an expression that cannot be read', selecting('COUNT(*) -- all')],
  ['an expression that cannot be read', selecting('COUNT(*) /* all */')],
  ['an expression that cannot be read', selecting('COUNT(*); DROP TABLE sale')],
  ['the name NOTHING', selecting('nothing')],
  ['the name other.units', selecting('other.units')],
  ['an aggregate as a group', (query) => query.select('COUNT(*)', 'n').groupBy('COUNT(*)')],
  ['an aggregate as a group', (query) => query.select('COUNT(*)', 'n').groupBy('n')],
  ['a constant as a group', (query) => query.select("'x'", 'x').distinct(true)],
  ['a position in GROUP BY', (query) => query.select('sale.name').addSelect('COUNT(*)', 'n').groupBy('1')],
  ['a position in ORDER BY', (query) => selecting('COUNT(*)')(query).orderBy('1')],
  ['an alias inside of GROUP BY', (query) => query.select('sale.units', 'amounts').groupBy('amounts + 1')],
  ['DISTINCT ON', (query) => query.select('sale.name').distinctOn(['sale.name'])],
  ['a lock', (query) => query.select('sale.name').distinct(true).setLock('pessimistic_read')],
  ['a common table expression', (query) => query.addCommonTableExpression('SELECT 1', 'one').select('sale.name').distinct(true)],
  ['several tables in FROM', (query) => query.select('sale.name').addFrom('shop', 'other').distinct(true)],
];

describe.each(sampledKinds)('Limits of grouped queries over several shards (%s)', (kind) => {
  let on: GroupedCluster;

  beforeEach(async () => {
    on = await openGroupedCluster(kind);
    await on.fill(
      [1, 2, 3, 4, 5, 6, 7].map((n) => saleRow(n, on.shops[n % 6] as string, { name: `n${n % 2}`, units: n, amount: `${n}.2500` })),
    );
  });
  afterEach(() => on?.test.stop());

  it('refuses by name, before any statement, what cannot be merged', async () => {
    const sent = await on.test.log.during(async () => {
      for (const [feature, build] of refused) {
        const error: unknown = await on.grouped(build).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ScatterUnsupportedError);
        expect(error).toMatchObject({ entity: 'Sale', operation: 'getRawMany', feature });
      }
    });

    expect(sent).toEqual([]);
  });

  it('refuses a column that the shards do not compare alike, and merges the others', async () => {
    const [, , last] = on.test.cluster.shards;
    const statements = {
      mysql: ['ALTER TABLE sale MODIFY name varchar(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'],
      postgres: ['ALTER TABLE sale ALTER COLUMN name TYPE varchar(80) COLLATE "C"'],
      sqlite: ['ALTER TABLE sale DROP COLUMN name', 'ALTER TABLE sale ADD COLUMN name varchar COLLATE RTRIM'],
    }[familyOf(kind)];
    for (const statement of statements) await last?.dataSource.query(statement);

    const builds = [
      selecting('COUNT(*)'),
      (query) => query.select('MIN(sale.name)', 'm'),
      (query) => query.select('COUNT(DISTINCT sale.name)', 'd'),
    ] as Build[];
    for (const build of builds) {
      const error: unknown = await on.grouped(build).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(MergeOrderError);
      expect(error).toMatchObject({ code: 'ERR_MERGE_ORDER', entity: 'Sale', column: 'name' });
    }
    expect(await on.grouped((query) => query.select('SUM(sale.units)', 's'))).toEqual(
      await on.expected((query) => query.select('SUM(sale.units)', 's')),
    );
  });

  it('sums, averages and takes the least and the greatest as a repository does', async () => {
    const call = on.call((manager) => manager.createQueryBuilder(on.Sale, 'sale'));
    const none = on.call((manager) => manager.createQueryBuilder(on.Sale, 'sale').where('sale.units > :many', { many: 100 }));
    const sales = on.test.ordinary.getRepository(on.Sale);

    for (const column of ['units', 'amount', 'paid.fee']) {
      expect(await scatterAggregate(call, { fn: 'sum', column })).toBe(await sales.sum(column));
      expect(await scatterAggregate(call, { fn: 'average', column })).toBe(await sales.average(column));
      expect(await scatterAggregate(call, { fn: 'minimum', column })).toBe(await sales.minimum(column));
      expect(await scatterAggregate(call, { fn: 'maximum', column })).toBe(await sales.maximum(column));
      expect(await scatterAggregate(none, { fn: 'sum', column })).toBe(null);
    }
    expect(await scatterAggregate(call, { fn: 'average', column: 'units' })).toBe(4);
    await expect(scatterAggregate(call, { fn: 'sum', column: 'missing' })).rejects.toThrow(
      'Column "missing" was not found in table "Sale"',
    );
  });

  it('counts the groups that each shard gives', async () => {
    const counts: number[] = [];
    const call = on.call((manager) => selecting('MAX(sale.units)')(manager.createQueryBuilder(on.Sale, 'sale')));
    const { access } = call;
    const counting = Object.assign(Object.create(access), {
      admitRows: (count: number) => counts.push(count),
      run: access.run.bind(access),
      runAll: access.runAll.bind(access),
    });
    const rows = await scatterGrouped({ ...call, access: counting });

    expect(rows).toHaveLength(2);
    expect(counts).toEqual([2, 2, 2]);
  });

  it('leaves an order of the entity out of a query of one row', async () => {
    const build: Build = (query) => query.select('COUNT(*)', 'n').orderBy('sale.units');

    expect(await on.grouped(build)).toEqual(await on.expected((query) => query.select('COUNT(*)', 'n')));
  });
});

describe.each(sampledKinds)('Grouped queries over partitions (%s)', (kind) => {
  it('are answered as by one database', async () => {
    const on = await openGroupedCluster(kind, { shards: 1, perShard: { partitions: [1, 2, 3] } });
    try {
      await on.fill(
        [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
          saleRow(n, on.shops[n % 6] as string, { name: `n${n % 2}`, units: n, status: n % 3 ? 'open' : 'closed' }),
        ),
      );
      const build: Build = (query) =>
        query
          .select('sale.status')
          .addSelect('COUNT(*)', 'n')
          .addSelect('COUNT(DISTINCT sale.name)', 'd')
          .addSelect('AVG(sale.units)', 'v')
          .groupBy('sale.status')
          .orderBy('sale.status');

      expect(on.shops).toHaveLength(6);
      expect(await on.grouped(build)).toEqual(await on.expected(build));
    } finally {
      await on.test.stop();
    }
  });
});
