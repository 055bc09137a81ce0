import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { DatabaseKind } from '../../database';
import { Buyer, Product, Purchase } from '../fixtures/market';

/** What a call answers over several shards must be what it answers on one database, row by row. */
export interface OrderedCase {
  readonly about: string;
  readonly run: (manager: EntityManager) => Promise<unknown>;
  /** Databases that do not know it. */
  readonly except?: readonly DatabaseKind[];
}

type Select<E extends ObjectLiteral> = SelectQueryBuilder<E>;

const purchases = (manager: EntityManager): Select<Purchase> => manager.createQueryBuilder(Purchase, 'p');
const buyers = (manager: EntityManager): Select<Buyer> => manager.createQueryBuilder(Buyer, 'b');
const products = (manager: EntityManager): Select<Product> => manager.createQueryBuilder(Product, 'x');

/** Pages at the beginning, across the shards' own ends, at the end and behind it. */
const PAGES = [
  [0, 4],
  [3, 5],
  [9, 1],
  [15, 9],
  [90, 3],
] as const;

type Build<E extends ObjectLiteral> = (manager: EntityManager) => Select<E>;

const all = <E extends ObjectLiteral>(about: string, build: Build<E>): OrderedCase => ({
  about,
  run: (manager) => build(manager).getMany(),
});

/** A list, its pages by every way to take one, with their counts, and its first rows. */
const paged = <E extends ObjectLiteral>(about: string, build: Build<E>): readonly OrderedCase[] => [
  all(about, build),
  { about: `${about}, in pages`, run: (manager) => each((skip, take) => build(manager).skip(skip).take(take).getMany()) },
  { about: `${about}, in counted pages`, run: (manager) => each((skip, take) => build(manager).skip(skip).take(take).getManyAndCount()) },
  { about: `${about}, after some rows`, run: (manager) => build(manager).skip(5).take(1000).getManyAndCount() },
  { about: `${about}, its first`, run: (manager) => build(manager).getOne() },
  { about: `${about}, one of it`, run: (manager) => build(manager).skip(4).take(1).getOneOrFail() },
  { about: `${about}, counted`, run: (manager) => build(manager).skip(4).take(1).getCount() },
  { about: `${about}, with its raw rows`, run: (manager) => build(manager).getRawAndEntities() },
  {
    about: `${about}, with the raw rows of pages`,
    run: (manager) => each((skip, take) => build(manager).skip(skip).take(take).getRawAndEntities()),
  },
  { about: `${about}, as raw rows`, run: (manager) => build(manager).getRawMany() },
  { about: `${about}, as some raw rows`, run: (manager) => each((skip, take) => build(manager).offset(skip).limit(take).getRawMany()) },
  { about: `${about}, its first raw row`, run: (manager) => build(manager).getRawOne() },
];

/** Pages by `limit` and `offset`, which mean rows; without joins these are entities. */
const limited = <E extends ObjectLiteral>(about: string, build: Build<E>): readonly OrderedCase[] => [
  { about: `${about}, by limit and offset`, run: (manager) => each((skip, take) => build(manager).offset(skip).limit(take).getMany()) },
  {
    about: `${about}, by limit and offset, counted`,
    run: (manager) => each((skip, take) => build(manager).offset(skip).limit(take).getManyAndCount()),
  },
];

async function each(page: (skip: number, take: number) => Promise<unknown>): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const [skip, take] of PAGES) found.push(await page(skip, take));
  return found;
}

const raw = <E extends ObjectLiteral>(about: string, build: Build<E>): readonly OrderedCase[] => [
  { about, run: (manager) => build(manager).getRawMany() },
  { about: `${about}, in pages`, run: (manager) => each((skip, take) => build(manager).offset(skip).limit(take).getRawMany()) },
  { about: `${about}, its first`, run: (manager) => build(manager).getRawOne() },
  { about: `${about}, executed`, run: (manager) => build(manager).execute() },
];

const byCount: Build<Purchase> = (manager) => purchases(manager).orderBy('p.count', 'DESC').addOrderBy('p.buyerGuid').addOrderBy('p.id');
const byNumbers: Build<Purchase> = (manager) =>
  purchases(manager)
    .select('p.buyerGuid', 'buyer')
    .addSelect('COUNT(*)', 'n')
    .addSelect('SUM(p.count)', 'total')
    .addSelect('MIN(p.giftId)', 'least')
    .addSelect('MAX(p.count)', 'most')
    .addSelect('AVG(p.count)', 'average')
    .addSelect('COUNT(DISTINCT p.giftId)', 'gifts')
    .groupBy('p.buyerGuid');

const joinedTwice: Build<Purchase> = (manager) =>
  purchases(manager)
    .leftJoin('p.buyer', 'b')
    .leftJoin('b.land', 'l')
    .orderBy('l.code')
    .addOrderBy('b.guid', 'DESC')
    .addOrderBy('p.id', 'DESC');

/** Reads over several shards in an order that ends in the primary key, in the direction of the last term. */
export const orderedCases: readonly OrderedCase[] = [
  ...paged('several columns, in mixed directions', byCount),
  ...limited('several columns, in mixed directions', byCount),
  ...paged('an object of columns', (manager) => purchases(manager).orderBy({ 'p.buyerGuid': 'DESC', 'p.count': 'ASC', 'p.id': 'ASC' })),
  ...paged('a column with NULLs', (manager) => purchases(manager).orderBy('p.giftId').addOrderBy('p.id')),
  ...limited('a column with NULLs, descending', (manager) => purchases(manager).orderBy('p.giftId', 'DESC').addOrderBy('p.id', 'DESC')),
  ...paged('NULLs where the query puts them', (manager) =>
    purchases(manager).orderBy('p.giftId', 'DESC', 'NULLS LAST').addOrderBy('p.id', 'DESC'),
  ).map((each) => ({ ...each, except: ['mariadb'] as const })),
  ...limited('NULLs first', (manager) => purchases(manager).orderBy('p.giftId', 'ASC', 'NULLS FIRST').addOrderBy('p.id')).map((each) => ({
    ...each,
    except: ['mariadb'] as const,
  })),
  ...paged('a column of a joined row', (manager) =>
    purchases(manager).innerJoinAndSelect('p.buyer', 'b').orderBy('b.name', 'DESC').addOrderBy('p.id', 'DESC'),
  ),
  ...paged('columns of rows joined to joined ones', (manager) => joinedTwice(manager).addSelect(['b.guid', 'l.code'])),
  // TypeORM itself fails to page by columns of joined rows that are not selected.
  ...paged('columns of joined rows that are not selected', joinedTwice).filter(({ about }) => !/page|some rows|one of/.test(about)),
  ...paged('a column that is not selected', (manager) => purchases(manager).select(['p.id']).orderBy('p.count').addOrderBy('p.id')),
  ...paged('chosen keys', (manager) =>
    purchases(manager)
      .where('p.buyerGuid IN (:...guids)', { guids: ['b1', 'b2', 'b3', 'b7', 'b11'] })
      .orderBy('p.count')
      .addOrderBy('p.id'),
  ),
  ...paged('rows with a condition on joined ones', (manager) =>
    purchases(manager)
      .innerJoin('p.buyer', 'b', 'b.name <> :n', { n: 'name 1' })
      .where('p.count > 2')
      .orderBy('p.count')
      .addOrderBy('p.id'),
  ),
  ...paged('deleted rows among others', (manager) => products(manager).withDeleted().orderBy('x.title', 'DESC').addOrderBy('x.id', 'DESC')),
  ...paged('rows without the deleted ones', (manager) => products(manager).orderBy('x.title').addOrderBy('x.id')),
  all('rows with their list, in an order of its own', (manager) =>
    buyers(manager)
      .leftJoinAndSelect('b.purchases', 'p')
      .orderBy('b.name', 'DESC')
      .addOrderBy('b.guid')
      .addOrderBy('p.count')
      .addOrderBy('p.id'),
  ),
  {
    about: 'rows with their lists, in counted pages',
    run: async (manager) => {
      const build = () => buyers(manager).leftJoinAndSelect('b.purchases', 'p').orderBy('b.name', 'DESC').addOrderBy('b.guid', 'DESC');
      return each(async (skip, take) => sortedLists(await build().skip(skip).take(take).getManyAndCount()));
    },
  },
  {
    about: 'rows with the ids of relations, in pages',
    run: (manager) =>
      each((skip, take) =>
        purchases(manager)
          .loadRelationIdAndMap('p.buyerId', 'p.buyer')
          .orderBy('p.count')
          .addOrderBy('p.id')
          .skip(skip)
          .take(take)
          .getMany(),
      ),
  },
  {
    about: 'whether a page has rows',
    run: (manager) => each((skip, take) => byCount(manager).skip(skip).take(take).getExists()),
  },
  ...raw('columns by their own names', (manager) =>
    purchases(manager).select('p.id', 'id').addSelect('p.count', 'c').orderBy('c', 'DESC').addOrderBy('id', 'DESC'),
  ),
  ...raw('columns of joined rows', (manager) =>
    purchases(manager).innerJoin('p.buyer', 'b').select('b.name', 'name').addSelect('p.id', 'id').orderBy('b.name').addOrderBy('p.id'),
  ),
  ...raw('rows of a joined list', (manager) =>
    buyers(manager)
      .innerJoin('b.purchases', 'p')
      .select('b.name', 'name')
      .addSelect('p.id', 'id')
      .orderBy('b.name', 'DESC')
      .addOrderBy('b.guid', 'DESC')
      .addOrderBy('p.id', 'DESC'),
  ),
  ...raw('expressions of rows', (manager) =>
    purchases(manager).select('p.count * 2', 'double').addSelect('p.id', 'id').orderBy('p.count').addOrderBy('p.id'),
  ),
  ...raw('groups by an aggregate of theirs', (manager) => byNumbers(manager).orderBy('total', 'DESC').addOrderBy('p.buyerGuid')),
  ...raw('groups by an aggregate that is not selected', (manager) =>
    purchases(manager).select('p.buyerGuid', 'buyer').groupBy('p.buyerGuid').orderBy('COUNT(*)', 'DESC').addOrderBy('p.buyerGuid', 'DESC'),
  ),
  ...raw('groups that have an aggregate that is not selected', (manager) =>
    purchases(manager)
      .select('p.giftId', 'gift')
      .groupBy('p.giftId')
      .having('SUM(p.count) > :low', { low: 5 })
      .orHaving('COUNT(*) = 1')
      .orderBy('p.giftId', 'DESC'),
  ),
  ...raw('groups by a column of joined rows', (manager) =>
    purchases(manager)
      .innerJoin('p.buyer', 'b')
      .select('b.name', 'name')
      .addSelect('SUM(p.count)', 'total')
      .groupBy('b.name')
      .having('SUM(p.count) > 3')
      .andHaving('COUNT(*) < 99')
      .orderBy('total')
      .addOrderBy('b.name', 'DESC'),
  ),
  ...raw('groups of two columns with NULLs', (manager) =>
    purchases(manager)
      .select('p.giftId', 'gift')
      .addSelect('p.count', 'c')
      .addSelect('COUNT(*)', 'n')
      .groupBy('p.giftId')
      .addGroupBy('p.count')
      .orderBy('p.giftId')
      .addOrderBy('p.count', 'DESC'),
  ),
  ...raw('distinct values', (manager) => purchases(manager).select('p.giftId', 'gift').distinct().orderBy('p.giftId', 'DESC')),
  ...raw('distinct rows', (manager) =>
    purchases(manager).select('p.giftId', 'gift').addSelect('p.count', 'c').distinct(true).orderBy('gift').addOrderBy('c', 'DESC'),
  ),
  ...raw('distinct values by the word alone', (manager) => purchases(manager).select('DISTINCT p.giftId', 'gift').orderBy('gift')),
  ...raw('distinct values by the word and a bracket', (manager) =>
    purchases(manager).select('DISTINCT(p.count)', 'c').orderBy('c', 'DESC'),
  ),
  ...raw('distinct numbers of groups', (manager) => purchases(manager).select('DISTINCT COUNT(*)', 'n').groupBy('p.giftId').orderBy('n')),
  ...raw('one row if all of them together are as HAVING says', (manager) =>
    purchases(manager).select('1', 'one').having('COUNT(*) > 15'),
  ).map((each) => ({ ...each, except: ['sqljs', 'better-sqlite3'] as const })),
  ...raw('no row because all of them together are not as HAVING says', (manager) =>
    purchases(manager).select('COUNT(*)', 'n').having('COUNT(*) < 15'),
  ),
  ...raw('all columns by an asterisk', (manager) => purchases(manager).select('*').orderBy('p.id')),
  ...raw('all columns of joined rows by an asterisk', (manager) =>
    purchases(manager).innerJoin('p.buyer', 'b').select('b.*').addSelect('p.id', 'id').orderBy('p.id', 'DESC'),
  ),
  ...raw('all columns of one key by an asterisk', (manager) =>
    purchases(manager).select('p.*').where('p.buyerGuid = :guid', { guid: 'b3' }).orderBy('p.id'),
  ),
  ...raw('one row of aggregates', (manager) =>
    purchases(manager).select('COUNT(*)', 'n').addSelect('AVG(p.count)', 'a').addSelect('COUNT(DISTINCT p.giftId)', 'd'),
  ),
];

/** Nothing orders the rows of a joined list. */
function sortedLists([found, count]: [Buyer[], number]): [Buyer[], number] {
  for (const { purchases: list } of found) list.sort((a, b) => (a.id < b.id ? -1 : 1));
  return [found, count];
}
