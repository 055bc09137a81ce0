import type { FindManyOptions, ObjectLiteral } from 'typeorm';
import { databaseKinds } from '../database';
import { Buyer, fillMarket, Land, Manual, openMarket, Product, Purchase, Vendor } from './fixtures/market';
import type { TestCluster } from './fixtures/test-cluster';

type Case = readonly [name: string, target: new () => ObjectLiteral, options: FindManyOptions<never>];

const of = <E extends object>(name: string, target: new () => E, options: FindManyOptions<E>): Case => [name, target, options as never];

const cases: readonly Case[] = [
  of('many-to-one, to another group', Purchase, { relations: { product: true } }),
  of('one-to-many, of another group', Product, { relations: { purchases: true } }),
  of('many-to-one, to an unsharded entity', Product, { relations: { vendor: true } }),
  of('one-to-many, of an unsharded entity', Vendor, { relations: { products: true } }),
  of('one-to-one, from its owner', Manual, { relations: { product: true } }),
  of('one-to-one, from its inverse side', Product, { relations: { manual: true } }),
  of('many-to-many, from its owner', Buyer, { relations: { favourites: true } }),
  of('many-to-many, from its inverse side', Product, { relations: { fans: true } }),
  of('many-to-many, of an entity with itself', Buyer, { relations: { follows: true, followers: true } }),
  of('many-to-one, of an entity with itself', Buyer, { relations: { sponsor: true } }),
  of('one-to-many, of an entity with itself', Buyer, { relations: { sponsored: true } }),
  of('many-to-one, from a reference table', Land, { relations: { speciality: true } }),
  of('one-to-many, of a reference table', Land, { relations: { buyers: true } }),
  of('eager', Purchase, {}),
  of('eager, but not wanted', Purchase, { loadEagerRelations: false }),
  of('eager, under a colocated relation', Buyer, { relations: { purchases: true } }),
  of('nested below a colocated relation', Buyer, { relations: { purchases: { product: true } } }),
  of('nested below a leaving relation', Purchase, { relations: { product: { vendor: true, manual: true, fans: { sponsor: true } } } }),
  of('above a colocated relation', Product, { relations: { purchases: { buyer: { land: true } } } }),
  of('several at once', Product, { relations: { vendor: true, manual: true, fans: true, purchases: { product: true } } }),
  of('with deleted rows', Purchase, { relations: { product: true }, withDeleted: true }),
  of('of chosen entities', Purchase, { where: { count: 5 }, relations: { product: { vendor: true } } }),
  of('of one entity', Buyer, { where: { guid: 'b7' }, relations: { favourites: { vendor: true }, purchases: { product: true } } }),
  of('of no entity', Buyer, { where: { guid: 'nobody' }, relations: { favourites: true } }),
  of('with a selection', Purchase, { select: { id: true, count: true, product: { title: true } }, relations: { product: true } }),
  of('with a selection without keys', Purchase, {
    select: { count: true, gift: { title: true } },
    relations: { gift: true },
    loadEagerRelations: false,
  }),
  of('with a selection of a list', Product, {
    select: { title: true, purchases: { count: true } },
    relations: { purchases: true },
    loadEagerRelations: false,
  }),
  of('with a selection of links', Buyer, { select: { name: true, favourites: { title: true } }, relations: { favourites: true } }),
];

const places = databaseKinds.flatMap((kind) => [
  [kind, 'shards'] as const,
  ...(kind === 'better-sqlite3' || kind === 'mariadb' ? [[kind, 'partitions'] as const] : []),
]);

describe.each(places)('Relations that leave their group (%s, over %s)', (kind, place) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openMarket(kind, { partitioned: place === 'partitions', ordinary: true });
    await fillMarket(test.ordinary);
    await fillMarket(test.cluster);
  });
  afterAll(() => test?.stop());

  describe.each(['join', 'query'] as const)('by the strategy %s', (relationLoadStrategy) => {
    it.each(cases)('are loaded as in one database: %s', async (_name, target, options) => {
      // By the strategy query TypeORM itself finds no related rows for a selection without their keys.
      const sound = 'select' in options ? 'join' : relationLoadStrategy;
      const found = await test.cluster.getRepository(target).find({ ...options, relationLoadStrategy } as FindManyOptions<ObjectLiteral>);
      const expected = await test.ordinary
        .getRepository(target)
        .find({ ...options, relationLoadStrategy: sound } as FindManyOptions<ObjectLiteral>);

      expect(plain(found)).toEqual(plain(expected));
    });
  });
});

/** Lists in the order of their contents, since neither side promises one. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, plain(each)]),
  );
}
