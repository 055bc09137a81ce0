import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { LeavingRelationError } from '../../../src';
import { sampledKinds } from '../../database';
import { Buyer, fillMarket, Land, openMarket, Product, Purchase, Vendor } from '../fixtures/market';
import type { TestCluster } from '../fixtures/test-cluster';

type Select = SelectQueryBuilder<ObjectLiteral>;
type Case = readonly [about: string, relation: string, build: (builder: (target: new () => object) => Select) => Select];

const joins: readonly Case[] = [
  ['many-to-one', 'product', (of) => of(Purchase).leftJoinAndSelect('e.product', 'p')],
  ['many-to-one by a column that is a property', 'gift', (of) => of(Purchase).innerJoin('e.gift', 'p')],
  ['many-to-one, mapped', 'product', (of) => of(Purchase).leftJoinAndMapOne('e.mapped', 'e.product', 'p')],
  ['one-to-many', 'purchases', (of) => of(Product).leftJoinAndSelect('e.purchases', 'p')],
  ['one-to-one', 'manual', (of) => of(Product).innerJoinAndSelect('e.manual', 'm')],
  ['many-to-many', 'favourites', (of) => of(Buyer).leftJoin('e.favourites', 'p')],
  ['many-to-many from its inverse side', 'fans', (of) => of(Product).innerJoin('e.fans', 'b')],
  ['an entity with itself, by a column that is not the key', 'sponsor', (of) => of(Buyer).leftJoinAndSelect('e.sponsor', 's')],
  ['an entity with itself, as a list', 'sponsored', (of) => of(Buyer).leftJoinAndMapMany('e.mapped', 'e.sponsored', 's')],
  ['an unsharded entity', 'vendor', (of) => of(Product).leftJoinAndSelect('e.vendor', 'v')],
  ['of an unsharded entity', 'products', (of) => of(Vendor).leftJoin('e.products', 'p')],
  ['of a reference table', 'buyers', (of) => of(Land).leftJoinAndSelect('e.buyers', 'b')],
  ['from a reference table', 'speciality', (of) => of(Land).leftJoinAndSelect('e.speciality', 'p')],
  ['below a relation of the group', 'product', (of) => of(Buyer).leftJoin('e.purchases', 'p').leftJoinAndSelect('p.product', 'x')],
];

const members = [
  'getMany',
  'getOne',
  'getOneOrFail',
  'getCount',
  'getManyAndCount',
  'getExists',
  'getRawMany',
  'getRawOne',
  'getRawAndEntities',
  'execute',
  'stream',
] as const;

describe.each(sampledKinds)('A join over a relation that leaves its group (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openMarket(kind);
    await fillMarket(test.cluster);
  });
  afterAll(() => test?.stop());

  const of = (target: new () => object) => test.cluster.getRepository<ObjectLiteral>(target).createQueryBuilder('e');

  async function isRefused(relation: string, call: () => Promise<unknown>, use = 'join'): Promise<void> {
    const sent = await test.log.during(async () => {
      const error = await call().catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(LeavingRelationError);
      expect(error).toMatchObject({ relation, use });
    });
    expect(sent).toEqual([]);
  }

  it.each(joins)('is refused over all shards: %s', (_about, relation, build) => isRefused(relation, () => build(of).getMany()));

  it.each(joins.filter(([about]) => !/unsharded entity$|reference/.test(about)))(
    'is refused on one proved shard: %s',
    (_about, relation, build) => {
      const builder = build(of);
      const key = { Purchase: 'buyerGuid', Buyer: 'guid', Product: 'id' }[builder.expressionMap.mainAlias?.metadata.name as 'Buyer'];

      return isRefused(relation, () => builder.where({ [key]: key === 'id' ? 3 : 'b3' }).getMany());
    },
  );

  it.each(members)('is refused by %s', (member) =>
    isRefused('product', async () => of(Purchase).leftJoin('e.product', 'p').where({ buyerGuid: 'b3' })[member]()),
  );

  it.each([
    ['ids', 'sponsored', (qb: Select) => qb.loadAllRelationIds(), Buyer],
    ['ids', 'favourites', (qb: Select) => qb.loadRelationIdAndMap('e.ids', 'e.favourites'), Buyer],
    ['ids', 'fans', (qb: Select) => qb.loadRelationIdAndMap('e.ids', 'e.fans'), Product],
    ['join', 'gift', (qb: Select) => qb.setFindOptions({ relations: { buyer: true }, relationLoadStrategy: 'query' }), Purchase],
    [
      'join',
      'product',
      (qb: Select) => qb.setFindOptions({ relations: { purchases: { product: true } }, relationLoadStrategy: 'query' }),
      Buyer,
    ],
    [
      'join',
      'product',
      (qb: Select) => {
        const relations = qb.expressionMap.mainAlias?.metadata.relations ?? [];
        qb.concatRelationMetadata(...relations.filter(({ propertyPath }) => propertyPath === 'product'));
        return qb.setFindOptions({ relationLoadStrategy: 'query', loadEagerRelations: false });
      },
      Purchase,
    ],
    ['join', 'gift', (qb: Select) => qb.setFindOptions({ where: { buyerGuid: 'b3' } }), Purchase],
    ['join', 'product', (qb: Select) => qb.setFindOptions({ where: { product: { title: 'x' } }, loadEagerRelations: false }), Purchase],
  ] as const)('is refused in what is loaded besides: %s of %s', (use, relation, build, target) =>
    isRefused(relation, () => build(of(target)).getMany(), use),
  );

  it('is not in the way of ids that the row itself has', async () => {
    const [found] = await of(Purchase)
      .loadRelationIdAndMap('e.productId', 'e.product')
      .where({ buyerGuid: 'b3' })
      .orderBy('e.id')
      .getMany();

    expect(found).toMatchObject({ id: 'b3 p0', productId: 3 });
  });

  it('is refused in a transaction, and left to whoever names the shard', async () => {
    const { cluster } = test;
    const joined = (manager: EntityManager) => manager.createQueryBuilder(Purchase, 'e').leftJoin('e.product', 'p');

    await isRefused('product', () => cluster.transaction((manager) => joined(manager).where({ buyerGuid: 'b3' }).getMany()));
    const named = joined(cluster.manager.onShard('s1'));
    expect(await named.getCount()).toBeGreaterThan(0);
  });
});
