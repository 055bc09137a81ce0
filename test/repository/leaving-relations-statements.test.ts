import { LeavingRelationError, TransactionShardError } from '../../src';
import { sampledKinds } from '../database';
import { Buyer, fillMarket, Land, openMarket, Product, Purchase } from './fixtures/market';
import type { TestCluster } from './fixtures/test-cluster';

describe.each(sampledKinds)('A find with relations that leave the group (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openMarket(kind, { ordinary: true });
    await fillMarket(test.ordinary);
    await fillMarket(test.cluster);
  });
  afterAll(() => test?.stop());

  it('sends as many statements for many entities as for one', async () => {
    const purchases = test.cluster.getRepository(Purchase);
    const relations = { product: { vendor: true, fans: true } };
    const all = await test.log.during(() => purchases.find({ relations }));
    const [one] = await purchases.find({ where: { count: 5 } });
    const few = await test.log.during(() => purchases.find({ where: { id: one!.id }, relations }));

    // Purchases, their join columns, products (asked for, and as gifts), vendors' join columns, vendors, links, fans.
    expect(all.length).toBeLessThanOrEqual(3 * 7 + 1);
    expect(few.length).toBeGreaterThan(5);
  });

  it('asks only the shards of the keys at hand', async () => {
    const guid = 'b7';
    const home = test.cluster.shardFor(Buyer, guid).name;
    const sent = await test.log.during(() => test.cluster.getRepository(Buyer).find({ where: { guid }, relations: { sponsor: true } }));
    const sponsor = test.cluster.shardFor(Buyer, 'b2').name;

    expect(sent.map(({ shard }) => shard)).toEqual([home, home, sponsor]);
  });

  it('finds the links of one entity on its shard alone', async () => {
    const home = test.cluster.shardFor(Buyer, 'b4').name;
    const sent = await test.log.during(() =>
      test.cluster.getRepository(Buyer).find({ where: { guid: 'b4' }, relations: { favourites: true } }),
    );
    const links = sent.filter(({ sql }) => /favourites/i.test(sql));

    expect(links.map(({ shard }) => shard)).toEqual([home]);
  });

  it('joins no table of another group', async () => {
    const sent = await test.log.during(() => test.cluster.getRepository(Purchase).find({ relations: { product: true, buyer: true } }));

    expect(sent.filter(({ sql }) => /join/i.test(sql)).every(({ sql }) => !/product["`]? /i.test(sql.slice(sql.search(/join/i))))).toBe(
      true,
    );
    expect(sent.some(({ sql }) => /join .?buyer/i.test(sql))).toBe(true);
  });

  it('gives lists in the order of their primary keys, and nothing as null or an empty list', async () => {
    const products = await test.cluster
      .getRepository(Product)
      .find({ relations: { purchases: true, manual: true, vendor: true, fans: true } });
    const byId = new Map(products.map((product) => [product.id, product]));

    for (const { purchases, fans } of products) {
      expect(purchases.map(({ id }) => id)).toEqual(purchases.map(({ id }) => id).sort());
      expect(fans.map(({ guid }) => guid)).toEqual(fans.map(({ guid }) => guid).sort());
    }
    expect(byId.get(9)).toMatchObject({ purchases: [], fans: [], manual: null });
    expect(byId.get(3)).toMatchObject({ vendor: null });
  });

  it('answers conditions that compare the join column alone as one database does, without a join', async () => {
    const where = [{ gift: { id: 3 } }, { giftId: 6 }, { gift: { id: 9 }, count: 1 }];
    const wanted = { where, loadEagerRelations: false, withDeleted: true };
    const [found, expected] = await Promise.all([test.cluster, test.ordinary].map((each) => each.getRepository(Purchase).find(wanted)));
    const byVendor = { where: { vendor: { id: 1 } } };
    const [ours, theirs] = await Promise.all([test.cluster, test.ordinary].map((each) => each.getRepository(Product).find(byVendor)));
    const sent = await test.log.during(() => test.cluster.getRepository(Product).count(byVendor));

    expect(found!.map(({ id }) => id).sort()).toEqual(expected!.map(({ id }) => id).sort());
    expect(found!.length).toBeGreaterThan(2);
    expect(ours!.map(({ id }) => id).sort()).toEqual(theirs!.map(({ id }) => id).sort());
    expect(ours!.length).toBeGreaterThan(1);
    expect(sent.some(({ sql }) => /join/i.test(sql))).toBe(false);
  });

  it.each([
    ['a condition on a related column', Product, { where: { vendor: { name: 'v' } } }, 'condition'],
    ['a condition that deleted rows would not meet', Purchase, { where: { product: { id: 5 } } }, 'condition'],
    ['a condition on a list', Product, { where: { purchases: { count: 5 } } }, 'condition'],
    ['a condition on links', Buyer, { where: [{ name: 'x' }, { favourites: { id: 5 } }] }, 'condition'],
    ['a condition below a colocated relation', Buyer, { where: { purchases: { product: { title: 't' } } } }, 'condition'],
    ['an order by a related column', Product, { order: { vendor: { name: 'ASC' } }, relations: { vendor: true } }, 'order'],
    ['an order below a colocated relation', Buyer, { order: { purchases: { product: { title: 'ASC' } } } }, 'order'],
    ['a page in the order of a list', Product, { order: { purchases: { count: 'ASC' } }, relations: { purchases: true }, take: 2 }, 'page'],
    ['the ids of a list', Product, { loadRelationIds: { relations: ['purchases'] } }, 'ids'],
    ['ids that may be of deleted rows', Buyer, { loadRelationIds: { relations: ['favourites'] } }, 'ids'],
    ['the ids of everything', Product, { loadRelationIds: true }, 'ids'],
  ] as const)('refuses %s before anything is sent', async (_name, target, options, use) => {
    const repository = test.cluster.getRepository(target as never);
    const call = () => repository.find(options as never);

    await expect(call()).rejects.toMatchObject({ code: 'ERR_LEAVING_RELATION', use, operation: 'find' });
    await expect(call()).rejects.toBeInstanceOf(LeavingRelationError);
    expect(await test.log.during(() => call().catch(() => undefined))).toEqual([]);
  });

  it('refuses such conditions in every reading call', async () => {
    const products = test.cluster.getRepository(Product);
    const where = { vendor: { name: 'v' } };
    const calls = [
      () => products.findBy(where),
      () => products.findOne({ where }),
      () => products.findOneBy(where),
      () => products.findAndCount({ where }),
      () => products.countBy(where),
      () => products.existsBy(where),
      () => products.sum('id', where),
    ];

    for (const call of calls) await expect(call()).rejects.toThrow(LeavingRelationError);
  });

  it('loads the ids that stand in the row or in links beside it', async () => {
    const options = { loadRelationIds: { relations: ['sponsor', 'favourites', 'land'] }, withDeleted: true };
    const [found, expected] = await Promise.all([test.cluster, test.ordinary].map((each) => each.getRepository(Buyer).find(options)));
    const byGuid = (buyers: Buyer[]) =>
      buyers.map((each) => ({ ...each, favourites: [...each.favourites].sort() })).sort((a, b) => (a.guid < b.guid ? -1 : 1));

    expect(byGuid(found!)).toEqual(byGuid(expected!));
    expect(found!.some(({ favourites }) => favourites.length > 1)).toBe(true);
  });

  it('comes with findOne, findAndCount and calls to a named shard', async () => {
    const products = test.cluster.getRepository(Product);
    const one = await products.findOne({ where: { id: 4 }, relations: { vendor: true, purchases: true } });
    const [many, count] = await products.findAndCount({ relations: { vendor: true } });
    const home = test.cluster.shardFor(Buyer, 'b7').name;
    const named = await test.cluster
      .getRepository(Buyer)
      .onShard(home)
      .findOneOrFail({ where: { guid: 'b7' }, relations: { sponsor: true } });
    const byKey = await test.cluster
      .getRepository(Buyer)
      .forKey('b7')
      .find({ where: { guid: 'b7' }, relations: { favourites: true } });

    expect(one?.vendor.name).toBe('vendor 1');
    expect(one?.purchases.length).toBeGreaterThan(0);
    expect([many.length, count]).toEqual([9, 9]);
    expect(many.filter(({ vendor }) => vendor !== null)).toHaveLength(7);
    expect(named.sponsor?.guid).toBe('b2');
    expect(byKey[0]?.favourites).toHaveLength(2);
  });

  it('stays in a transaction on its shard', async () => {
    const inShard = test.cluster.forKey(Buyer, 'b7').transaction(async (manager) => {
      await manager.find(Buyer, { where: { guid: 'b7' }, relations: { followers: true } });
    });

    await expect(inShard).rejects.toThrow(TransactionShardError);
  });

  it('explains the part that is sent at once', async () => {
    const { statements } = await test.cluster.getRepository(Purchase).explain({ relations: { product: true } });

    expect(statements).toHaveLength(3);
    expect(statements.some(({ sql }) => /join/i.test(sql))).toBe(false);
  });

  it('of a reference table finds rows of every shard', async () => {
    const land = await test.cluster.getRepository(Land).findOneOrFail({ where: { code: 'de' }, relations: { buyers: true } });

    expect(land.buyers).toHaveLength(8);
  });
});

describe.each(sampledKinds)('A find on a cluster of one shard with relations that leave the group (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openMarket(kind, { ordinary: true, shards: 1 });
    await fillMarket(test.ordinary);
    await fillMarket(test.cluster);
  });
  afterAll(() => test?.stop());

  it.each<['Buyer' | 'Vendor', object]>([
    ['Vendor', { relations: { products: true }, order: { id: 'ASC', products: { title: 'DESC', id: 'ASC' } } }],
    ['Buyer', { relations: { favourites: true }, order: { guid: 'ASC', favourites: { title: 'DESC', id: 'ASC' } } }],
  ])('orders each list by the order inside its relation: %s with %j', async (entity, options) => {
    const found = await test.cluster.getRepository(entity).find(options);
    const lists = found.map((each) => each.products ?? each.favourites);

    expect(found).toEqual(await test.ordinary.getRepository(entity).find(options));
    expect(lists.some((list: object[]) => list.length > 2)).toBe(true);
  });

  it('pages the entities, not their lists', async () => {
    const options = { relations: { favourites: true }, order: { guid: 'ASC', favourites: { title: 'DESC', id: 'ASC' } } } as const;
    const page = await test.cluster.getRepository(Buyer).find({ ...options, skip: 3, take: 4 });

    // TypeORM itself pages joined rows when it orders by them.
    expect(page).toEqual((await test.ordinary.getRepository(Buyer).find(options)).slice(3, 7));
  });

  it('names no more than a thousand keys in one statement', async () => {
    const purchases = test.cluster.getRepository(Purchase);
    const rows = Array.from({ length: 1_100 }, (_, number) => ({ id: `many ${number}`, buyerGuid: 'b1', count: 1, giftId: number }));
    await purchases.insert(rows);
    const sent = await test.log.during(async () => {
      const found = await purchases.find({ where: { buyerGuid: 'b1' } });
      expect(found.filter(({ gift }) => gift !== null).map(({ giftId }) => giftId)).toEqual(expect.arrayContaining([0, 4, 9]));
    });

    expect(sent).toHaveLength(3);
    await purchases.delete({ buyerGuid: 'b1' });
  });
});
