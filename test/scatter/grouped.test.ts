import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { sampledKinds } from '../database';
import { type GroupedCluster, openGroupedCluster, saleRow } from './fixtures/grouped-cluster';
import type { SaleRow } from './fixtures/sale';

type Build = (builder: SelectQueryBuilder<ObjectLiteral>) => SelectQueryBuilder<ObjectLiteral>;

const guid = (last: number) => `16b33f7b-2f2c-11ee-9f5a-0242ac11000${last}`;

/** Rows that share groups over shards in every column. */
function someSales(shops: readonly string[]): SaleRow[] {
  return Array.from({ length: 30 }, (_, n) =>
    saleRow(n, shops[n % shops.length] as string, {
      code: ['a', 'A', 'á', 'b ', 'b', 'b\t', '😀', null][n % 8] as string | null,
      name: n % 5 === 0 ? null : `n${n % 3}`,
      label: `l${n % 4}`,
      units: n % 7 === 0 ? null : n - 10,
      big: n % 3 === 0 ? '9007199254740993' : `${n}`,
      amount: n % 4 === 0 ? null : `${n}.${1000 + n}`,
      real: n === 4 ? -8.739859799209697e-309 : n / 4,
      single: (n % 3) / 4,
      moment: `2024-03-0${1 + (n % 3)} 10:00:00.12345${n % 2}`,
      day: `2024-03-0${1 + (n % 4)}`,
      clock: `10:0${n % 3}:00.125`,
      status: ['open', 'closed', 'archived', null][n % 4] as string | null,
      flag: n % 3 === 0 ? null : n % 2 === 0,
      guid: guid(n % 4),
      bytes: n % 5 === 0 ? null : Buffer.from([0, n % 3, 255]),
      paid: { fee: n % 6 },
    }),
  );
}

const keys = [
  'code',
  'name',
  'label',
  'units',
  'big',
  'amount',
  'real',
  'single',
  'moment',
  'day',
  'clock',
  'status',
  'flag',
  'guid',
  'bytes',
];

/** Named shapes of queries whose answer is in a certain order. */
const shapes: readonly (readonly [string, Build])[] = [
  ...[...keys, 'paid.fee'].map((key): readonly [string, Build] => [
    `groups by ${key}`,
    (query) => query.select(`sale.${key}`).addSelect('COUNT(*)', 'n').groupBy(`sale.${key}`).orderBy(`sale.${key}`, 'DESC'),
  ]),
  ...[...keys, 'paid.fee'].map((key): readonly [string, Build] => [
    `takes distinct ${key}`,
    (query) => query.select(`sale.${key}`, 'k').distinct(true).orderBy('k', 'ASC'),
  ]),
  [
    'counts, sums and averages without groups',
    (query) =>
      query
        .select(['COUNT(*) AS "a"'])
        .select('COUNT(*)', 'n')
        .addSelect('COUNT(sale.units)', 'u')
        .addSelect('SUM(sale.units)', 's')
        .addSelect('AVG(sale.units)', 'v')
        .addSelect('AVG(sale.amount)', 'w')
        .addSelect('SUM(sale.amount)', 'x')
        .addSelect('MIN(sale.amount)', 'y')
        .addSelect('MAX(sale.units)', 'z'),
  ],
  [
    'aggregates nothing',
    (query) =>
      query
        .select('COUNT(*)', 'n')
        .addSelect('SUM(sale.units)', 's')
        .addSelect('AVG(sale.amount)', 'v')
        .addSelect('MIN(sale.code)', 'm')
        .addSelect('COUNT(DISTINCT sale.code)', 'd')
        .addSelect('COALESCE(SUM(sale.amount), 0)', 'c')
        .where('sale.id = :none', { none: 'none' }),
  ],
  [
    'groups nothing',
    (query) => query.select('sale.name', 'name').addSelect('COUNT(*)', 'n').groupBy('sale.name').where('sale.id = :none', { none: 'none' }),
  ],
  [
    'sums beyond 2^53',
    (query) => query.select('SUM(sale.units)', 's').addSelect('MAX(sale.units)', 'm').groupBy('sale.name').orderBy('s').addOrderBy('m'),
  ],
  [
    'takes the least and greatest of every type',
    (query) =>
      ['code', 'name', 'label', 'units', 'big', 'amount', 'real', 'single', 'moment', 'day', 'clock', 'status'].reduce(
        (built, key) => built.addSelect(`MIN(sale.${key})`, `least_${key}`).addSelect(`MAX(sale.${key})`, `greatest_${key}`),
        query.select('COUNT(*)', 'n'),
      ),
  ],
  [
    'counts distinct values of several columns beside other aggregates',
    (query) =>
      query
        .select('sale.status', 'status')
        .addSelect('COUNT(DISTINCT sale.code)', 'codes')
        .addSelect('COUNT(DISTINCT sale.units)', 'units')
        .addSelect('SUM(DISTINCT sale.units)', 'sum')
        .addSelect('COUNT(*)', 'n')
        .addSelect('AVG(sale.units)', 'mean')
        .groupBy('sale.status')
        .orderBy('sale.status'),
  ],
  [
    'counts distinct values of expressions',
    (query) =>
      query
        .select('COUNT(DISTINCT LOWER(sale.code))', 'n')
        .addSelect('COUNT(DISTINCT LENGTH(sale.code))', 'l')
        .addSelect('MAX(sale.units * 2)', 'm'),
  ],
  [
    'filters groups by aggregates and parameters',
    (query) =>
      query
        .select('sale.name', 'name')
        .addSelect('SUM(sale.units)', 'total')
        .groupBy('sale.name')
        .having('COUNT(*) > :few', { few: 3 })
        .andHaving('(SUM(sale.units) > :low OR sale.name IS NULL)', { low: -100 })
        .orderBy('total', 'DESC'),
  ],
  [
    'takes a page',
    (query) =>
      query
        .select('sale.units', 'units')
        .addSelect('COUNT(*)', 'n')
        .groupBy('sale.units')
        .orderBy('n', 'DESC')
        .addOrderBy('sale.units')
        .limit(4)
        .offset(3),
  ],
  [
    'orders by an aggregate that is not selected',
    (query) => query.select('sale.label').groupBy('sale.label').orderBy('MAX(sale.units)', 'DESC').addOrderBy('sale.label'),
  ],
  [
    'computes with aggregates',
    (query) =>
      query
        .select('sale.day', 'day')
        .addSelect('COALESCE(SUM(sale.units), 0) + COUNT(*) * 2', 'score')
        .addSelect('SUM(CASE WHEN sale.status = :status THEN 1 ELSE 0 END)', 'closed')
        .addSelect('SUM(sale.units * 3)', 'triple')
        .setParameter('status', 'closed')
        .groupBy('sale.day')
        .orderBy('sale.day'),
  ],
  [
    'groups by a joined column',
    (query) =>
      query
        .innerJoin('sale.shopOf', 'shop')
        .select('shop.town')
        .addSelect('COUNT(*)', 'n')
        .groupBy('shop.town')
        .orderBy('shop.town', 'DESC'),
  ],
  [
    'groups by an expression',
    (query) =>
      query
        .select('LENGTH(sale.code)', 'length')
        .addSelect('UPPER(sale.name)', 'upper')
        .addSelect('COUNT(*)', 'n')
        .groupBy('LENGTH(sale.code)')
        .addGroupBy('UPPER(sale.name)')
        .orderBy('length')
        .addOrderBy('upper'),
  ],
  [
    'groups by the alias of a select',
    (query) => query.select('sale.paid.fee', 'cost').addSelect('COUNT(*)', 'n').groupBy('cost').orderBy('cost', 'DESC'),
  ],
  [
    'takes distinct expressions',
    (query) => query.select('sale.units * 2', 'twice').addSelect('sale.flag', 'flag').distinct(true).orderBy('twice').addOrderBy('flag'),
  ],
  ['has names for what is selected without an alias', (query) => query.select('COUNT(*)').addSelect('MAX(sale.units)')],
];

/** Differences that random queries found. */
const regressions: readonly (readonly [string, Build])[] = [
  [
    'a condition on a key that compares a number with a text',
    (query) =>
      query
        .select('sale.units', 'units')
        .groupBy('sale.units')
        .having("sale.units >= '0'")
        .andHaving('sale.units < :many', { many: '11' })
        .orderBy('sale.units'),
  ],
  [
    'a double whose text is longer than 22 characters',
    (query) =>
      query
        .select('sale.real', 'real')
        .addSelect('COUNT(*)', 'n')
        .addSelect('COUNT(DISTINCT sale.name)', 'd')
        .groupBy('sale.real')
        .orderBy('sale.real')
        .limit(1),
  ],
  [
    'an order by the least of an enum, which goes by place while the least goes by text',
    (query) => query.select('sale.day').addSelect('MIN(sale.status)', 'least').groupBy('sale.day').orderBy('least').addOrderBy('sale.day'),
  ],
  [
    'an order by the greatest of an enum that is not selected',
    (query) => query.select('sale.day').groupBy('sale.day').orderBy('MAX(sale.status)').addOrderBy('sale.day'),
  ],
  [
    'a condition on a key that is an expression of another key',
    (query) =>
      query
        .select('sale.code', 'code')
        .groupBy('sale.code')
        .addGroupBy('UPPER(sale.code)')
        .having("UPPER(sale.code) >= 'A'")
        .orderBy('sale.code'),
  ],
];

describe.each(sampledKinds)('A grouped query over several shards (%s)', (kind) => {
  let on: GroupedCluster;

  beforeAll(async () => {
    on = await openGroupedCluster(kind);
    await on.fill(someSales(on.shops));
  });
  afterAll(() => on?.test.stop());

  it.each([...shapes, ...regressions])('%s like one database', async (_, build) => {
    const expected = await on.expected(build);

    expect(await on.grouped(build)).toEqual(expected);
    expect(expected.length).toBeGreaterThanOrEqual(_ === 'groups nothing' ? 0 : 1);
  });
});
