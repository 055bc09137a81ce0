import { type FindManyOptions, In, type ObjectLiteral } from 'typeorm';
import { sampledKinds } from '../database';
import { Buyer, fillMarket, openMarket, Product, Purchase } from './fixtures/market';
import type { TestCluster } from './fixtures/test-cluster';

type Case = readonly [name: string, target: new () => ObjectLiteral, options: FindManyOptions<never>];

const of = <E extends object>(name: string, target: new () => E, options: FindManyOptions<E>): Case => [name, target, options as never];

const cases: readonly Case[] = [
  of('a list of another group', Product, {
    relations: { purchases: true },
    order: { id: 'ASC', purchases: { count: 'DESC', id: 'ASC' } },
  }),
  of('a list of links', Product, { relations: { fans: true }, order: { id: 'DESC', fans: { name: 'DESC', guid: 'ASC' } } }),
  of('a joined list and a list of links', Buyer, {
    relations: { purchases: { product: true }, favourites: true },
    order: { guid: 'DESC', purchases: { id: 'DESC' }, favourites: { title: 'ASC', id: 'DESC' } },
  }),
  of('an eager relation', Purchase, { order: { count: 'DESC', id: 'ASC' } }),
  of('a selection without keys', Purchase, {
    select: { count: true, product: { title: true } },
    relations: { product: true },
    order: { count: 'ASC', id: 'ASC' },
    loadEagerRelations: false,
  }),
  of('chosen entities', Buyer, {
    where: { name: In(['name 1', 'name 1', 'name 2']) },
    relations: { land: true, sponsor: true },
    order: { name: 'ASC', guid: 'DESC' },
  }),
];

const plain = (rows: readonly ObjectLiteral[]): unknown => JSON.parse(JSON.stringify(rows));

describe.each(sampledKinds)('Ordered relations that leave their group (%s)', (kind) => {
  let test: TestCluster;
  beforeAll(async () => {
    test = await openMarket(kind, { ordinary: true });
    await fillMarket(test.ordinary);
    await fillMarket(test.cluster);
  });
  afterAll(() => test?.stop());

  const wanted = async (target: new () => ObjectLiteral, options: FindManyOptions<ObjectLiteral>) =>
    plain(await test.ordinary.getRepository(target).find(options));

  it.each(cases)('are found as in one database: %s', async (_name, target, options) => {
    const rows = await wanted(target, options);
    const repository = test.cluster.getRepository(target);

    expect(plain(await repository.find(options))).toEqual(rows);
    expect(plain(await repository.withScatter({ timeoutMs: 20_000, maxRows: 1_000 }).find(options))).toEqual(rows);
  });

  it.each(cases)('are on pages and in iterations as in one database: %s', async (_name, target, options) => {
    const rows = await wanted(target, options);
    const repository = test.cluster.getRepository(target);
    const given: ObjectLiteral[] = [];
    for await (const row of repository.iterate({ ...(options as object), pageRows: 3 })) given.push(row);
    const walked: ObjectLiteral[] = [];
    let after: string | null = null;
    do {
      const page = await repository.findPage({ ...(options as object), limit: 4, after });
      walked.push(...page.rows);
      after = page.next;
    } while (after !== null);

    expect(plain(given)).toEqual(rows);
    expect(plain(walked)).toEqual(rows);
  });

  it('are loaded within the budget of the call', async () => {
    // Ten products have more purchases than this.
    const products = test.cluster.getRepository(Product).withScatter({ maxRows: 10 });

    expect((await products.find()).length).toBeLessThanOrEqual(10);
    await expect(products.find({ relations: { purchases: true } })).rejects.toMatchObject({
      code: 'ERR_SCATTER_BUDGET',
      entity: 'Purchase',
    });
  });

  it('end with the signal of an iteration', async () => {
    const ended = new AbortController();
    const rows = test.cluster.getRepository(Product).iterate({ relations: { purchases: true }, signal: ended.signal, pageRows: 2 });
    await rows.next();
    ended.abort(new Error('enough'));

    await expect(rows.next()).rejects.toThrow('enough');
  });
});
