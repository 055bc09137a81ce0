import {
  AfterInsert,
  AfterLoad,
  BeforeInsert,
  Column,
  DataSource,
  Entity,
  type EntitySubscriberInterface,
  EventSubscriber,
  type InsertEvent,
  type LoadEvent,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
  type RemoveEvent,
  type UpdateEvent,
} from 'typeorm';
import { ReferenceTable, ShardKey, shardOf } from '../../src';
import { databaseKinds } from '../database';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

/** What listeners and subscribers were told, as `who what id`, and the shards that the subscriber saw. */
const told: string[] = [];
const shards = new Map<string, Set<string | undefined>>();

@Entity()
@ReferenceTable()
class Currency {
  @PrimaryColumn({ type: 'varchar', length: 20 })
  id!: string;

  @BeforeInsert()
  before(): void {
    told.push(`listener beforeInsert ${this.id}`);
  }
}

@Entity()
class Shop {
  @PrimaryColumn({ type: 'varchar', length: 20 })
  @ShardKey()
  id!: string;

  @Column({ type: 'int' })
  size!: number;

  @OneToMany(
    () => Sale,
    (sale) => sale.shop,
  )
  sales!: Relation<Sale>[];

  @BeforeInsert()
  before(): void {
    told.push(`listener beforeInsert ${this.id}`);
  }

  @AfterInsert()
  after(): void {
    told.push(`listener afterInsert ${this.id}`);
  }

  @AfterLoad()
  load(): void {
    told.push(`listener afterLoad ${this.id}`);
  }
}

@Entity()
class Sale {
  @PrimaryColumn({ type: 'varchar', length: 20 })
  @ShardKey()
  id!: string;

  @Column({ type: 'int' })
  size!: number;

  @ManyToOne(
    () => Shop,
    (shop) => shop.sales,
  )
  shop!: Relation<Shop>;

  @AfterLoad()
  load(): void {
    told.push(`listener afterLoad ${this.id}`);
  }
}

@EventSubscriber()
class Observer implements EntitySubscriberInterface<Shop | Sale | Currency> {
  afterLoad(entity: Shop | Sale | Currency, event?: LoadEvent<Shop | Sale | Currency>): void {
    if (event) note('afterLoad', entity.id, event);
  }

  beforeInsert(event: InsertEvent<Shop>): void {
    note('beforeInsert', event.entity.id, event);
  }

  afterInsert(event: InsertEvent<Shop>): void {
    note('afterInsert', event.entity.id, event);
  }

  beforeUpdate(event: UpdateEvent<Shop>): void {
    note('beforeUpdate', event.entity?.id, event);
  }

  afterUpdate(event: UpdateEvent<Shop>): void {
    note('afterUpdate', event.entity?.id, event);
  }

  beforeRemove(event: RemoveEvent<Shop>): void {
    note('beforeRemove', event.databaseEntity?.id, event);
  }

  afterRemove(event: RemoveEvent<Shop>): void {
    note('afterRemove', event.databaseEntity?.id, event);
  }
}

function note(what: string, id: string | undefined, event: Pick<LoadEvent<object>, 'dataSource' | 'manager' | 'queryRunner'>): void {
  told.push(`subscriber ${what} ${id}`);
  const seen = shards.get(String(id)) ?? new Set();
  shards.set(String(id), seen);
  for (const source of [event.dataSource, event.manager, event.queryRunner]) if (source) seen.add(shardOf(source));
}

describe.each(databaseKinds.flatMap((kind) => [1, 3].map((count) => [kind, count] as const)))(
  'Listeners and subscribers (%s, %i shard(s))',
  (kind, count) => {
    let test: TestCluster;
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];

    beforeEach(async () => {
      test = await openTestCluster(kind, { entities: [Shop, Sale, Currency], shards: count, options: { subscribers: [Observer] } });
      told.length = 0;
      shards.clear();
    });
    afterEach(() => test?.stop());

    const once = (who: string, what: string, names: readonly string[]) => names.map((id) => `${who} ${what} ${id}`);

    async function toldDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
      told.length = 0;
      await work();
      return [...told].sort();
    }

    it('are told once of each entity that is saved, changed or removed, with its shard', async () => {
      const repository = test.cluster.getRepository(Shop);
      const rows = repository.create(ids.map((id) => ({ id, size: 1 })));
      const inserts = ['listener', 'subscriber'].flatMap((who) => ['afterInsert', 'beforeInsert'].flatMap((what) => once(who, what, ids)));

      expect(await toldDuring(() => repository.save(rows))).toEqual(inserts.sort());
      const updated = await toldDuring(() => repository.save(rows.map((row) => Object.assign(row, { size: 2 }))));
      expect(updated.filter((each) => /Update/.test(each))).toEqual([
        ...once('subscriber', 'afterUpdate', ids),
        ...once('subscriber', 'beforeUpdate', ids),
      ]);
      const removed = await toldDuring(() => repository.remove([...rows]));
      expect(removed.filter((each) => /Remove/.test(each))).toEqual([
        ...once('subscriber', 'afterRemove', ids),
        ...once('subscriber', 'beforeRemove', ids),
      ]);
      for (const id of ids) expect([...(shards.get(id) ?? [])]).toEqual([test.cluster.shardFor(Shop, id).name]);
    });

    it('are told once of each entity that is found, with relations of other shards too', async () => {
      await test.cluster.getRepository(Shop).save(ids.map((id) => ({ id, size: 1 })));
      await test.cluster.getRepository(Sale).save(ids.map((id) => ({ id: `sale ${id}`, size: 1, shop: { id: id < 'd' ? 'a' : 'f' } })));

      const sales = ids.map((id) => `sale ${id}`);
      const loads = ['listener', 'subscriber'].flatMap((who) => [...once(who, 'afterLoad', sales), ...once(who, 'afterLoad', ['a', 'f'])]);
      for (const relationLoadStrategy of ['join', 'query'] as const) {
        const found = await toldDuring(() => test.cluster.getRepository(Sale).find({ relations: { shop: true }, relationLoadStrategy }));
        expect(found).toEqual([...loads].sort());
      }
      const all = ['listener', 'subscriber'].flatMap((who) => once(who, 'afterLoad', [...ids, ...sales]));
      expect(await toldDuring(() => test.cluster.getRepository(Shop).find({ relations: { sales: true } }))).toEqual(all.sort());
    });

    it('are told once of a row that is copied to every shard', async () => {
      const currencies = test.cluster.getRepository(Currency);
      const saved = await toldDuring(() => currencies.save(currencies.create({ id: 'eur' })));
      const inserted = await toldDuring(() => currencies.insert({ id: 'usd' }));
      const removed = await toldDuring(async () => currencies.remove(await currencies.findOneByOrFail({ id: 'eur' })));

      expect(saved).toEqual(['listener beforeInsert eur', 'subscriber afterInsert eur', 'subscriber beforeInsert eur']);
      expect(inserted).toEqual(['subscriber afterInsert usd', 'subscriber beforeInsert usd']);
      expect(removed.filter((each) => /Remove/.test(each))).toEqual(['subscriber afterRemove eur', 'subscriber beforeRemove eur']);
    });

    it('have no shard outside of one', async () => {
      expect(shardOf(test.cluster)).toBeUndefined();
      expect(shardOf(test.cluster.manager)).toBeUndefined();
      expect(shardOf(new DataSource({ type: 'sqljs', entities: [] }))).toBeUndefined();
      expect(shardOf(test.cluster.shard('s1').dataSource)).toBe('s1');
    });
  },
);
