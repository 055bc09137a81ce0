import { Column, Entity, type EntityManager, JoinTable, ManyToMany, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import {
  LeavingRelationError,
  RelatedKeyError,
  ScatterUnsupportedError,
  ShardKey,
  ShardKeyMissingError,
  WrongShardError,
} from '../../../src';
import { databaseKinds, sampledKinds } from '../../database';
import { keyPair } from '../fixtures/keys-on';
import { Buyer, fillMarket, Land, openMarket, Product, Purchase, Vendor } from '../fixtures/market';
import { openTestCluster, type TestCluster } from '../fixtures/test-cluster';

/** An entry of a diary; what it cites is in the same diary, so the links have the key. */
@Entity()
class Entry {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  @ShardKey()
  diary!: string;

  @PrimaryColumn({ type: 'int' })
  day!: number;

  @ManyToMany(
    () => Entry,
    (entry) => entry.citedBy,
  )
  @JoinTable()
  cites!: Relation<Entry>[];

  @ManyToMany(
    () => Entry,
    (entry) => entry.cites,
  )
  citedBy!: Relation<Entry>[];
}

/** A sketch and the one it copies are of one diary, by a column that is not the key. */
@Entity()
class Sketch {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  id!: string;

  @Column({ type: 'varchar', length: 40 })
  @ShardKey()
  diary!: string;

  @ManyToOne(
    () => Sketch,
    (sketch) => sketch.copies,
  )
  original!: Relation<Sketch> | null;

  @OneToMany(
    () => Sketch,
    (sketch) => sketch.original,
  )
  copies!: Relation<Sketch>[];
}

const places = databaseKinds.flatMap((kind) => [[kind, 'shards', {}] as const, [kind, 'partitions', { partitions: [1, 2] }] as const]);

describe.each(places)('relation() of a query builder (%s, over %s)', (kind, _, perShard) => {
  let test: TestCluster;
  let here: string;
  let there: string;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Entry, Sketch], ordinary: true, perShard });
    [here, there] = keyPair(test.cluster, Entry, 'd');
  });
  afterAll(() => test?.stop());
  beforeEach(async () => {
    for (const { manager } of [test.cluster, test.ordinary]) {
      for (const { day, diary } of await manager.find(Entry)) await manager.save(Entry, { day, diary, cites: [] });
      await manager.deleteAll(Entry);
      for (const { id, diary } of await manager.find(Sketch)) await manager.save(Sketch, { id, diary, original: null });
      await manager.deleteAll(Sketch);
      await manager.save(
        Entry,
        [here, there].flatMap((diary) => [1, 2, 3, 4].map((day) => ({ diary, day }))),
      );
      await manager.save(
        Sketch,
        [here, there].flatMap((diary) => [1, 2, 3].map((number) => ({ id: `${diary} ${number}`, diary }))),
      );
    }
  });

  const relation = ({ manager }: { readonly manager: EntityManager }, target: typeof Entry | typeof Sketch, property: string) =>
    manager.createQueryBuilder().relation(target as typeof Entry, property);
  const entry = (day: number, diary = here) => ({ diary, day });
  const sketch = (number: number, diary = here) => ({ id: `${diary} ${number}`, diary });

  type Run = (on: { readonly manager: EntityManager }) => Promise<unknown>;
  const writes: readonly [string, Run][] = [
    [
      'add one and several to a list of links',
      async (on) => {
        await relation(on, Entry, 'cites').of(entry(1)).add(entry(2));
        await relation(on, Entry, 'cites')
          .of(entry(1))
          .add([entry(3), entry(4)]);
      },
    ],
    [
      'add from the inverse side',
      (on) =>
        relation(on, Entry, 'citedBy')
          .of(entry(1))
          .add([entry(2), entry(3)]),
    ],
    [
      'remove links',
      async (on) => {
        await relation(on, Entry, 'cites')
          .of(entry(1))
          .add([entry(2), entry(3)]);
        await relation(on, Entry, 'cites').of(entry(1)).remove(entry(2));
      },
    ],
    [
      'add and remove links',
      async (on) => {
        await relation(on, Entry, 'cites').of(entry(1)).add(entry(2));
        await relation(on, Entry, 'cites')
          .of(entry(1))
          .addAndRemove([entry(3), entry(4)], [entry(2)]);
      },
    ],
    [
      'add to owners of one key',
      (on) =>
        relation(on, Entry, 'cites')
          .of([entry(1), entry(2)])
          .add(entry(4)),
    ],
    [
      'add to a list',
      (on) =>
        relation(on, Sketch, 'copies')
          .of(sketch(1))
          .add([sketch(2), sketch(3)]),
    ],
    [
      'remove from a list',
      async (on) => {
        await relation(on, Sketch, 'copies')
          .of(sketch(1))
          .add([sketch(2), sketch(3)]);
        await relation(on, Sketch, 'copies').of(sketch(1)).remove(sketch(3));
      },
    ],
  ];

  it.each(writes)('writes as one database: %s', async (_name, run) => {
    const after = async (on: { readonly manager: EntityManager }) => {
      await run(on);
      const entries = await on.manager.find(Entry, { relations: { cites: true }, order: { diary: 'ASC', day: 'ASC' } });
      const sketches = await on.manager.find(Sketch, { relations: { original: true }, order: { id: 'ASC' } });
      for (const { cites } of entries) cites.sort((a, b) => a.day - b.day);
      return JSON.stringify([entries, sketches]);
    };
    const answer = await after(test.cluster);

    expect(answer).toMatch(/"cites":\[\{|"original":\{/);
    expect(answer).toBe(await after(test.ordinary));
  });

  it('loads what is on the shard of its owner', async () => {
    await relation(test.cluster, Entry, 'cites')
      .of(entry(1))
      .add([entry(2), entry(3)]);
    const loaded = await relation(test.cluster, Entry, 'cites').of(entry(1)).loadMany<Entry>();

    expect(loaded.map(({ day }) => day).sort()).toEqual([2, 3]);
  });

  it('refuses rows of another key, whichever side they are given on, before anything is sent', async () => {
    const refused = async (call: () => Promise<unknown>, error: new (...args: never[]) => Error) => {
      expect(await test.log.during(() => expect(call()).rejects.toThrow(error))).toEqual([]);
    };
    const cites = (owner: object | object[]) => relation(test.cluster, Entry, 'cites').of(owner);

    await refused(() => cites(entry(1)).add(entry(1, there)), RelatedKeyError);
    await refused(() => cites(entry(1)).add([entry(2), entry(1, there)]), RelatedKeyError);
    await refused(() => cites(entry(1)).addAndRemove([entry(1, there)], []), RelatedKeyError);
    await refused(() => relation(test.cluster, Entry, 'citedBy').of(entry(1)).add(entry(1, there)), RelatedKeyError);
    await refused(() => relation(test.cluster, Sketch, 'original').of(sketch(1)).set(sketch(1, there)), RelatedKeyError);
    await refused(() => relation(test.cluster, Sketch, 'copies').of(sketch(1)).add(sketch(1, there)), RelatedKeyError);
    await refused(() => cites([entry(1), entry(1, there)]).add(entry(2)), RelatedKeyError);
    await refused(() => cites([entry(1), entry(1, there)]).remove(entry(2)), ScatterUnsupportedError);
    await refused(() => relation(test.cluster, Sketch, 'original').of(`${here} 1`).set(sketch(2)), ShardKeyMissingError);
    const named = test.cluster.shardFor(Entry, here).name;
    const onShard = () => test.cluster.manager.onShard(named).createQueryBuilder().relation(Sketch, 'original').of(`${here} 1`);
    await refused(() => onShard().set(sketch(1, there)), WrongShardError);
  });

  it('finds nothing to link by an id that tells no key', async () => {
    const copies = () => relation(test.cluster, Sketch, 'copies').of(sketch(1));

    await copies().add(`${there} 1`);
    expect(await copies().loadMany()).toEqual([]);
    await expect(relation(test.cluster, Sketch, 'original').of(sketch(1)).set(`${there} 1`)).rejects.toMatchObject({
      code: 'ERR_SHARD_FAILED',
    });
  });
});

describe.each(sampledKinds)('relation() of a relation that leaves its group (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openMarket(kind);
    await fillMarket(test.cluster);
  });
  afterAll(() => test?.stop());

  const refused: readonly [string, new () => object, string, unknown, string][] = [
    ['many-to-one', Purchase, 'product', { id: 'b3 p0', buyerGuid: 'b3' }, 'loadOne'],
    ['one-to-many', Product, 'purchases', 3, 'loadMany'],
    ['many-to-many', Buyer, 'favourites', 'b4', 'loadMany'],
    ['many-to-many from its inverse side', Product, 'fans', 4, 'loadMany'],
    ['an entity with itself', Buyer, 'sponsored', 'b1', 'loadMany'],
    ['an unsharded entity', Vendor, 'products', 1, 'loadMany'],
    ['a reference table', Land, 'buyers', 'de', 'loadMany'],
    ['one-to-many', Product, 'purchases', 3, 'add'],
    ['many-to-many', Buyer, 'favourites', 'b4', 'add'],
    ['many-to-many from its inverse side', Product, 'fans', 4, 'remove'],
    ['a reference table', Land, 'buyers', 'de', 'add'],
  ];

  it.each(refused)('is refused before anything is sent: %s', async (_name, target, property, owner, member) => {
    const builder = test.cluster.createQueryBuilder().relation(target, property).of(owner);
    const call = () => (builder[member as 'add'] as (value: unknown) => Promise<unknown>).call(builder, 'x');

    expect(await test.log.during(() => expect(call()).rejects.toThrow(LeavingRelationError))).toEqual([]);
  });

  it('is set where its join column is', async () => {
    const owner = { id: 'b3 p0', buyerGuid: 'b3' };
    const sent = await test.log.shardsDuring(() => test.cluster.createQueryBuilder().relation(Purchase, 'product').of(owner).set(7));

    expect(sent).toEqual([test.cluster.shardFor(Buyer, 'b3').name]);
    const found = await test.cluster.getRepository(Purchase).findOne({ where: owner, relations: { product: true } });
    expect(found?.product?.id).toBe(7);
  });
});
