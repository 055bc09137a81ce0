import { setTimeout as delay } from 'node:timers/promises';
import { In, MoreThanOrEqual } from 'typeorm';
import {
  type CallContext,
  ConfigurationError,
  NotShardedError,
  ShardKeyInvalidError,
  TransactionShardError,
  WrongShardError,
} from '../../src';
import { sampledKinds } from '../database';
import { keysOn } from './fixtures/keys-on';
import { Buyer, Land, openMarket, Product, Purchase, Vendor } from './fixtures/market';
import type { TestCluster } from './fixtures/test-cluster';

describe.each(sampledKinds)('within() (%s)', (kind) => {
  // SQLite has none, and PostgreSQL's need a package of their own.
  const streams = kind === 'mariadb';
  let test: TestCluster;
  /** Two keys on s2, and one on s3. */
  let here: string;
  let neighbour: string;
  let there: string;

  beforeAll(async () => {
    test = await openMarket(kind);
    [here, neighbour] = keysOn(test.cluster, Buyer, 's2', { count: 2, prefix: 'b' }) as [string, string];
    [there] = keysOn(test.cluster, Buyer, 's3', { prefix: 'b' }) as [string];
  });
  beforeEach(async () => {
    for (const entity of [Purchase, Buyer, Product, Vendor, Land]) await test.cluster.getRepository(entity).deleteAll();
    await test.cluster.getRepository(Land).insert({ code: 'de' });
    await test.cluster.getRepository(Vendor).insert({ id: 1, name: 'vendor' });
    await test.cluster.getRepository(Product).insert([1, 2, 3, 4, 5, 6].map((id) => ({ id, title: 'product', vendor: { id: 1 } })));
    const buyers = [here, neighbour, there];
    await test.cluster.getRepository(Buyer).insert(buyers.map((guid) => ({ guid, name: 'same', land: { code: 'de' } })));
    await test.cluster
      .getRepository(Purchase)
      .insert(buyers.map((guid, at) => ({ id: `p ${guid}`, buyerGuid: guid, count: at, giftId: 1 })));
  });
  afterAll(() => test?.stop());

  const keyOf = (value: string): CallContext => ({ key: { entity: Buyer, value } });
  const within = <T>(value: string, work: () => Promise<T>): Promise<T> => test.cluster.within(keyOf(value), work);
  const buyers = () => test.cluster.getRepository(Buyer);
  const purchases = () => test.cluster.getRepository(Purchase);
  const shardsWithin = (value: string, work: () => Promise<unknown>) => test.log.shardsDuring(() => within(value, work));

  async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
    const all: T[] = [];
    for await (const row of rows) all.push(row);
    return all;
  }

  it('sends reads that prove no shard to the shard of the key, for every entity of its group', async () => {
    const reads: readonly (() => Promise<unknown>)[] = [
      () => buyers().find({ order: { name: 'ASC' }, take: 1 }),
      () => buyers().findBy({ name: 'same' }),
      () => buyers().findOneBy({ name: 'same' }),
      () => buyers().findOneOrFail({ where: { name: 'same' } }),
      () => buyers().findAndCount(),
      () => buyers().exists(),
      () => buyers().findPage({ limit: 1 }),
      () => collect(buyers().iterate()),
      () => purchases().count(),
      () => purchases().sum('count'),
      () => test.cluster.manager.find(Purchase, { relations: { buyer: true } }),
      () => test.cluster.createQueryBuilder(Purchase, 'purchase').getMany(),
      () => purchases().createQueryBuilder('purchase').select('COUNT(*)', 'n').getRawOne(),
      ...(streams ? [async () => collect(await purchases().createQueryBuilder('purchase').stream())] : []),
    ];

    for (const read of reads) expect(await shardsWithin(here, read)).toEqual(['s2']);
    expect(await test.log.shardsDuring(() => buyers().findBy({ name: 'same' }))).toEqual(['s1', 's2', 's3']);
  });

  it('chooses the shard and filters nothing: rows of other keys there are seen', async () => {
    const found = await within(here, () => buyers().findBy({ name: 'same' }));

    expect(found.map(({ guid }) => guid).sort()).toEqual([here, neighbour].sort());
    expect(await within(here, () => buyers().findOneBy({ guid: neighbour }))).toMatchObject({ guid: neighbour });
  });

  it('explains why', async () => {
    const explained = await within(here, () => purchases().explain({ where: { count: 1 } }));

    expect(explained).toMatchObject({ route: 'one', shards: ['s2'], reason: 'Shard s2 is that of the key given by within().' });
    expect(JSON.stringify(explained)).not.toContain(here);
    await expect(within(here, () => purchases().explain({ where: { buyerGuid: there } }))).rejects.toThrow(WrongShardError);
  });

  it('refuses calls that prove another shard, before any statement', async () => {
    const buyer = { guid: there, name: 'n', land: { code: 'de' } };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => buyers().findOneBy({ guid: there }),
      () => buyers().findBy({ guid: In([here, there]) }),
      () => purchases().findBy({ buyer: { guid: there } }),
      () => buyers().update({ guid: there }, { name: 'n' }),
      () => buyers().delete(there),
      () => buyers().save(buyer),
      () => buyers().remove(buyers().create(buyer)),
      () => buyers().insert(buyer),
      () => buyers().upsert(buyer, ['guid']),
      () => buyers().preload(buyer),
      () => buyers().findPage({ limit: 1, where: { guid: there } }),
      async () => collect(buyers().iterate({ where: { guid: there } })),
      () => buyers().createQueryBuilder('buyer').where({ guid: there }).getOne(),
      () => buyers().createQueryBuilder().insert().values(buyer).execute(),
      () => buyers().createQueryBuilder().delete().where({ guid: there }).execute(),
      () => test.cluster.createQueryBuilder().relation(Buyer, 'purchases').of(there).loadMany(),
    ];
    const sent = await test.log.during(async () => {
      for (const call of calls) await expect(within(here, call)).rejects.toMatchObject({ code: 'ERR_WRONG_SHARD', owner: 's3' });
    });

    expect(sent).toEqual([]);
  });

  it('sends writes that prove no shard to the shard of the key, instead of refusing them', async () => {
    const count = MoreThanOrEqual(0);
    await expect(purchases().update({ count }, { count: 7 })).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });

    expect(await within(here, () => purchases().update({ count }, { count: 7 }))).toMatchObject({ affected: 2 });
    const set = () => purchases().createQueryBuilder().update().set({ count: 8 }).where('count = 7').execute();
    expect(await shardsWithin(here, set)).toEqual(['s2']);
    expect(await purchases().acrossShards().countBy({ count: 8 })).toBe(2);
    expect(await within(here, () => purchases().delete({ count: 8 }))).toMatchObject({ affected: 2 });
    expect((await purchases().find()).map(({ buyerGuid }) => buyerGuid)).toEqual([there]);
  });

  it('lets no call that means all rows reach another shard', async () => {
    expect(await shardsWithin(here, () => purchases().updateAll({ count: 9 }))).toEqual(['s2']);
    expect(await purchases().findOneBy({ buyerGuid: there })).toMatchObject({ count: 2 });
    await within(here, () => purchases().deleteAll());
    expect(await purchases().count()).toBe(1);
    await within(there, () => purchases().clear());
    expect(await purchases().count()).toBe(0);
  });

  it('writes entities of its shard where they belong, and takes links of rows named by their id alone to it', async () => {
    await within(here, () => buyers().save(buyers().create({ guid: neighbour, name: 'renamed', land: { code: 'de' } as Land })));
    const relation = () =>
      test.cluster
        .createQueryBuilder()
        .relation(Purchase, 'gift')
        .of({ id: `p ${here}` });
    await expect(relation().set(2)).rejects.toMatchObject({ code: 'ERR_SHARD_KEY_MISSING' });

    expect(await shardsWithin(here, () => relation().set(2))).toEqual(['s2']);
    expect(await purchases().findOneBy({ buyerGuid: here })).toMatchObject({ giftId: 2 });
    expect(await buyers().findOneBy({ guid: neighbour })).toMatchObject({ name: 'renamed' });
  });

  it('leaves entities of other groups, unsharded ones and reference tables as they are', async () => {
    const lands = test.cluster.getRepository(Land);
    const turns: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) turns.push(...(await shardsWithin(here, () => lands.find())));

    expect(await shardsWithin(here, () => test.cluster.getRepository(Product).find())).toEqual(['s1', 's2', 's3']);
    expect(await shardsWithin(here, () => test.cluster.getRepository(Vendor).find())).toEqual(['s1']);
    expect([...turns].sort()).toEqual(['s1', 's1', 's2', 's2', 's3', 's3']);
    expect(await shardsWithin(here, () => lands.insert({ code: 'fr' }))).toEqual(['s1', 's2', 's3']);
    await expect(within(here, () => test.cluster.getRepository(Product).delete({ title: 'x' }))).rejects.toMatchObject({
      code: 'ERR_SCATTER_REFUSED',
    });
  });

  it('loads rows that relations lead to from wherever they are', async () => {
    const gifted = () => purchases().find({ relations: { gift: true, buyer: { sponsor: true } } });
    await buyers().update({ guid: here }, { sponsor: { guid: there } });
    const shard = test.cluster.shardFor(Product, 1).name;

    const found = await within(here, gifted);

    expect(found.map(({ gift }) => gift?.id)).toEqual([1, 1]);
    expect(found.find(({ buyerGuid }) => buyerGuid === here)?.buyer.sponsor).toMatchObject({ guid: there });
    expect(await shardsWithin(here, gifted)).toEqual([...new Set(['s2', 's3', shard])].sort());
  });

  it('is farther than what the caller names', async () => {
    expect(await shardsWithin(here, () => buyers().forKey(there).find())).toEqual(['s3']);
    expect(await shardsWithin(here, () => buyers().onShard('s1').find())).toEqual(['s1']);
    expect(await shardsWithin(here, () => buyers().acrossShards().find())).toEqual(['s1', 's2', 's3']);
    expect(await shardsWithin(here, () => buyers().withScatter({ maxShards: 1 }).find())).toEqual(['s2']);
    const renamed = within(here, () =>
      test.cluster.forKey(Buyer, there).transaction(async (manager) => manager.update(Buyer, { guid: there }, { name: 'there' })),
    );
    expect(await renamed).toMatchObject({ affected: 1 });
  });

  describe('with a transaction', () => {
    it('pins it to the shard of the key with the first call that proves none', async () => {
      const work = within(here, () =>
        test.cluster.transaction(async (manager) => {
          expect(await manager.count(Purchase)).toBe(2);
          await manager.update(Purchase, { count: MoreThanOrEqual(0) }, { count: 5 });
          await expect(manager.findOneBy(Buyer, { guid: there })).rejects.toThrow(WrongShardError);
          await expect(manager.find(Product)).rejects.toThrow(TransactionShardError);
          throw new Error('roll back');
        }),
      );

      await expect(work).rejects.toThrow('roll back');
      expect(await purchases().countBy({ count: 5 })).toBe(0);
    });

    it('does not pin it from the start, so that another group may', async () => {
      const id = [1, 2, 3, 4, 5, 6].find((each) => test.cluster.shardFor(Product, each).name !== 's2') as number;
      await within(here, () =>
        test.cluster.transaction(async (manager) => {
          expect(await manager.findOneBy(Product, { id })).toMatchObject({ id });
          await expect(manager.count(Purchase)).rejects.toThrow(TransactionShardError);
        }),
      );
    });
  });

  it('replaces, inside of another, only what it says itself', async () => {
    const limits: CallContext = { scatter: { mode: 'forbid' } };
    const products = test.cluster.getRepository(Product);
    await within(here, () =>
      test.cluster.within(limits, async () => {
        expect(await test.log.shardsDuring(() => purchases().count())).toEqual(['s2']);
        await expect(products.find()).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });
        expect(await shardsWithin(there, () => purchases().count())).toEqual(['s3']);
        await expect(within(there, () => products.find())).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });
        expect(await test.cluster.within({ scatter: { mode: 'allow' } }, () => products.count())).toBe(6);
      }),
    );

    expect(await products.count()).toBe(6);
  });

  it('counts at the time of a call, whenever its answer is read', async () => {
    const builder = purchases().createQueryBuilder('purchase');
    const rows = await within(here, async () => buyers().iterate({ pageRows: 1 }));
    const stream = streams && (await within(here, () => builder.stream()));

    expect((await collect(rows)).map(({ guid }) => guid).sort()).toEqual([here, neighbour].sort());
    if (stream) expect(await collect(stream)).toHaveLength(2);
    expect(await builder.getCount()).toBe(3);
    expect(await within(here, () => builder.getCount())).toBe(2);
  });

  it('is not seen by other requests, however they are interleaved', async () => {
    const requests = Array.from({ length: 50 }, (_, at) => ({ key: `r${at}`, shard: test.cluster.shardFor(Buyer, `r${at}`).name }));
    await buyers().insert(requests.map(({ key, shard }) => ({ guid: key, name: shard, land: { code: 'de' } })));
    const pauseMs = () => Math.floor(Math.random() * 5);

    const answers = requests.map(({ key, shard }) =>
      within(key, async () => {
        const seen = new Set<string>();
        for (let call = 0; call < 4; call += 1) {
          await delay(pauseMs());
          const found = await buyers().find({ where: { name: In(['s1', 's2', 's3']) } });
          for (const { name } of found) seen.add(name);
          if (found.every(({ guid }) => guid !== key)) throw new Error('A request did not find its own row.');
          await new Promise<void>((resolve) => setImmediate(resolve));
          seen.add((await buyers().explain()).shards.join());
        }
        return [key, shard, ...seen];
      }),
    );
    const outside = await buyers().countBy({ name: In(['s1', 's2', 's3']) });

    expect(await Promise.all(answers)).toEqual(requests.map(({ key, shard }) => [key, shard, shard]));
    expect(outside).toBe(50);
  });

  it('refuses a key that cannot route at once, before the work', () => {
    const work = jest.fn();

    for (const value of [null, undefined, Number.NaN, {}, [here, there]]) {
      expect(() => test.cluster.within({ key: { entity: Buyer, value: value as string } }, work)).toThrow(ShardKeyInvalidError);
    }
    expect(() => test.cluster.within({ key: { entity: Land, value: 'de' } }, work)).toThrow(NotShardedError);
    expect(() => test.cluster.within({ scatter: { mode: 'never' as 'forbid', maxShards: 0 } }, work)).toThrow(ConfigurationError);
    expect(work).not.toHaveBeenCalled();
  });
});
