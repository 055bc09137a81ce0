import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { LeavingRelationError, RelatedKeyError } from '../../src';
import { databaseKinds } from '../database';
import { Buyer, fillMarket, Land, Manual, openMarket, Product, Purchase, Vendor } from './fixtures/market';
import { expectedPosition, storedJunctionRows, storedRows } from './fixtures/stored-rows';
import type { TestCluster } from './fixtures/test-cluster';

describe.each(
  databaseKinds.flatMap((kind) => [[kind, 'shards'] as const, ...(kind === 'better-sqlite3' ? [[kind, 'partitions'] as const] : [])]),
)('Writing entities with relations that leave the group (%s, over %s)', (kind, place) => {
  let test: TestCluster;
  beforeEach(async () => {
    test = await openMarket(kind, { partitioned: place === 'partitions' });
    await fillMarket(test.cluster);
  });
  afterEach(() => test?.stop());

  async function linksOf(guid: string): Promise<readonly number[]> {
    const rows = await storedJunctionRows(test.cluster);
    const own = rows.filter(({ row }) => row.buyerGuid === guid);
    for (const { shard, row } of own) {
      expect(shard).toBe(test.cluster.shardFor(Buyer, guid).name);
      expect(String(row._shard_position)).toBe(expectedPosition(guid));
    }
    return own.map(({ row }) => Number(row.productId)).sort((a, b) => a - b);
  }

  /** Runs a write and answers the tables that it wrote, with the shards. */
  async function written(work: () => Promise<unknown>): Promise<readonly string[]> {
    const sent = await test.log.during(work);
    const writes = sent.filter(({ sql }) => /^\s*(insert|update|delete)/i.test(sql));
    return [...new Set(writes.map(({ shard, sql }) => `${/(?:into|update|from)\s+[`"]?(\w+)/i.exec(sql)?.[1]} on ${shard}`))].sort();
  }

  it('writes the join column and nothing of the related row', async () => {
    const purchase = { id: 'new', buyerGuid: 'b1', count: 1, product: { id: 3, title: 'not this' }, gift: { id: 4 } };
    const home = test.cluster.shardFor(Buyer, 'b1').name;

    expect(await written(() => test.cluster.getRepository(Purchase).save(purchase as Purchase))).toEqual([tableOn('purchase', home)]);
    const found = await test.cluster.getRepository(Purchase).findOneOrFail({ where: { id: 'new' }, relations: { product: true } });
    expect(found.product).toMatchObject({ id: 3, title: 'product 3' });
    expect(found.gift).toMatchObject({ id: 4 });
    await test.cluster.getRepository(Purchase).save({ id: 'new', buyerGuid: 'b1', product: null });
    expect(
      (await test.cluster.getRepository(Purchase).findOneOrFail({ where: { id: 'new' }, relations: { product: true } })).product,
    ).toBeNull();
  });

  it('writes the join column by insert and update', async () => {
    const purchases = test.cluster.getRepository(Purchase);
    await purchases.insert({ id: 'new', buyerGuid: 'b1', count: 1, product: { id: 3 } });
    await purchases.update({ buyerGuid: 'b1', id: 'new' }, { product: { id: 7 } });

    expect((await purchases.findOneOrFail({ where: { id: 'new' }, relations: { product: true } })).product?.id).toBe(7);
  });

  it('saves what was loaded, though rows of other shards hang on it', async () => {
    const products = test.cluster.getRepository(Product);
    const found = await products.findOneOrFail({
      where: { id: 4 },
      relations: { purchases: true, fans: true, manual: true, vendor: true },
    });
    found.title = 'changed';
    const home = test.cluster.shardFor(Product, 4).name;

    expect(found.purchases.length * found.fans.length).toBeGreaterThan(0);
    expect(await written(() => products.save(found))).toEqual([tableOn('product', home)]);
    expect(await products.countBy({ title: 'changed' })).toBe(1);
  });

  it.each([
    ['a list that lost a row', async (product: Product) => void product.purchases.pop()],
    ['a list that got a row', async (product: Product) => void product.purchases.push({ id: 'b1 p0' } as Purchase)],
    ['links that lie beside the other side', async (product: Product) => void product.fans.pop()],
    ['another row of the inverse side', async (product: Product) => void Object.assign(product, { manual: { number: 1 } as Manual })],
  ])('refuses to write %s, before anything is sent', async (_, change) => {
    const products = test.cluster.getRepository(Product);
    const found = await products.findOneOrFail({ where: { id: 4 }, relations: { purchases: true, fans: true, manual: true } });
    await change(found);
    const sent = await test.log.during(() => expect(products.save(found)).rejects.toThrow(LeavingRelationError));

    expect(sent).toEqual([]);
  });

  it('refuses new rows that are given with an entity', async () => {
    const vendor = { id: 7, name: 'v', products: [{ id: 1 }] } as Vendor;
    await expect(test.cluster.getRepository(Vendor).save(vendor)).rejects.toMatchObject({ code: 'ERR_LEAVING_RELATION', use: 'write' });
    await expect(test.cluster.getRepository(Land).save({ code: 'x', buyers: [{ guid: 'b1' }] } as Land)).rejects.toThrow(
      LeavingRelationError,
    );
  });

  it('adds and removes links that are stored beside the entity', async () => {
    const buyers = test.cluster.getRepository(Buyer);
    expect(await linksOf('b4')).toEqual([1, 4, 6, 8]);
    const found = await buyers.findOneOrFail({ where: { guid: 'b4' }, relations: { favourites: true } });
    found.favourites = [...found.favourites.filter(({ id }) => id > 4), { id: 2 } as Product];
    await buyers.save(found);
    expect(await linksOf('b4')).toEqual([2, 6, 8]);
    expect(await written(() => buyers.save(found))).toEqual([]);

    await buyers.save({ guid: 'b4', favourites: [] });
    expect(await linksOf('b4')).toEqual([]);
    await buyers.save({ guid: 'b4', favourites: [{ id: 3 }] });
    expect(await linksOf('b4')).toEqual([3]);
    await buyers.save({ guid: 'b4', name: 'kept' });
    expect(await linksOf('b4')).toEqual([3]);
  });

  it('writes links in the transaction of their entity', async () => {
    const work = test.cluster.transaction(async (manager) => {
      await manager.save(Buyer, { guid: 'b4', favourites: [{ id: 3 } as Product] });
      throw new Error('roll back');
    });
    await expect(work).rejects.toThrow('roll back');
    expect(await linksOf('b4')).toEqual([1, 4, 6, 8]);

    const again = await test.cluster.getRepository(Buyer).findOneOrFail({ where: { guid: 'b4' }, relations: { favourites: true } });
    again.favourites = [{ id: 2 } as Product];
    const failing = test.cluster.transaction(async (manager) => {
      await manager.save(again);
      throw new Error('roll back');
    });
    await expect(failing).rejects.toThrow('roll back');
    await test.cluster.getRepository(Buyer).save(again);
    expect(await linksOf('b4')).toEqual([2]);
    await test.cluster.getRepository(Buyer).save({ guid: 'b4', favourites: [1, 4, 6, 8].map((id) => ({ id }) as Product) });

    const broken = { guid: 'b4', favourites: [{ id: 3 }, { id: 'no number' }] } as unknown as Buyer;
    if (kind === 'mariadb' || kind === 'postgres') await expect(test.cluster.getRepository(Buyer).save(broken)).rejects.toThrow();
    else
      await expect(test.cluster.getRepository(Buyer).save({ guid: 'b4', name: null, favourites: [{ id: 3 }] } as never)).rejects.toThrow();
    expect(await linksOf('b4')).toEqual([1, 4, 6, 8]);
  });

  it('refuses links to rows that are not stored yet', async () => {
    const save = test.cluster.getRepository(Buyer).save({ guid: 'b4', favourites: [{ title: 'new' } as Product] });

    await expect(save).rejects.toMatchObject({ use: 'link', relation: 'favourites' });
  });

  it('removes an entity with its links, and leaves those of others', async () => {
    const buyers = test.cluster.getRepository(Buyer);
    const found = await buyers.findOneByOrFail({ guid: 'b4' });
    await test.cluster.getRepository(Purchase).delete({ buyerGuid: 'b4' });
    await buyers.remove(found);

    expect(await linksOf('b4')).toEqual([]);
    expect(await linksOf('b3')).toEqual([3, 5, 7]);
  });

  it('removes a row to which others refer, as no foreign key is there', async () => {
    await test.cluster.getRepository(Product).delete({ id: 4 });
    const purchases = await test.cluster.getRepository(Purchase).find({ relations: { product: true } });

    expect(purchases.some(({ product }) => product === null)).toBe(true);
    for (const [entity, table] of [
      [Purchase, 'Product'],
      [Product, 'Vendor'],
      [Land, 'Product'],
    ] as const) {
      expect(foreignTables(entity)).not.toContain(table);
    }
    expect(foreignTables(Purchase)).toEqual(['Buyer']);
  });

  function foreignTables(entity: EntityTarget<ObjectLiteral>): readonly string[] {
    const { foreignKeys } = test.cluster.shards[0]!.dataSource.getMetadata(entity);
    return foreignKeys.map(({ referencedEntityMetadata }) => referencedEntityMetadata.name).sort();
  }

  it('still refuses related rows of the group with another key', async () => {
    const buyer = { guid: 'b4', purchases: [{ id: 'x', buyerGuid: 'b1', count: 1 }] } as Buyer;

    await expect(test.cluster.getRepository(Buyer).save(buyer)).rejects.toThrow(RelatedKeyError);
    expect((await storedRows(test.cluster, Purchase)).some(({ row }) => row.id === 'x')).toBe(false);
  });

  it('preloads an object with relations that leave the group', async () => {
    const found = await test.cluster.getRepository(Purchase).preload({ id: 'b2 p0', buyerGuid: 'b2', count: 9, product: { id: 8 } });
    await test.cluster.getRepository(Purchase).save(found!);
    const buyer = await test.cluster.getRepository(Buyer).preload({ guid: 'b2', favourites: [{ id: 8 }] });
    await test.cluster.getRepository(Buyer).save(buyer!);

    expect(
      (await test.cluster.getRepository(Purchase).findOneOrFail({ where: { id: 'b2 p0' }, relations: { product: true } })).product?.id,
    ).toBe(8);
    expect(await linksOf('b2')).toEqual([8]);
  });
});

/** A table as the log of statements shows it: of a partition with its suffix, on the database that holds it. */
function tableOn(table: string, shard: string): string {
  const [database, partition] = shard.split(':');
  return `${table}${partition === undefined ? '' : `_p${partition}`} on ${database}`;
}
