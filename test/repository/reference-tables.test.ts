import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { NotShardedError, ReferenceTable, ShardsFailedError, Unsharded, WrongShardError } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note } from './fixtures/account';
import { storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

@Entity()
@ReferenceTable()
class Currency {
  @PrimaryColumn({ type: 'varchar', length: 10 }) code!: string;
  @Column({ type: 'int' }) cents!: number;
}

@Entity()
@ReferenceTable()
class Label {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @Column({ type: 'varchar', length: 20 }) text!: string;
}

@Entity()
@Unsharded({ shard: 's2' })
class Setting {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: 'varchar', length: 20 }) name!: string;
}

describe.each(sampledKinds)('A reference table (%s)', (kind) => {
  let test: TestCluster;

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Currency, Label, Setting, Account, Note], shards: 3 });
  });
  afterEach(() => test?.stop());

  async function copies(entity: typeof Currency | typeof Label): Promise<readonly string[]> {
    const rows = await storedRows(test.cluster, entity);
    const byShard = test.cluster.shards.map(({ name }) => rows.filter(({ shard }) => shard === name).map(({ row }) => row));
    return byShard.map((each) => JSON.stringify(each.map((row) => JSON.stringify(row)).sort()));
  }

  async function expectEqualCopies(entity: typeof Currency | typeof Label): Promise<void> {
    expect(new Set(await copies(entity)).size).toBe(1);
  }

  it('is written on every shard by every call', async () => {
    const currencies = test.cluster.getRepository(Currency);
    await currencies.save([
      { code: 'eur', cents: 100 },
      { code: 'jpy', cents: 1 },
    ]);
    await currencies.insert([
      { code: 'usd', cents: 100 },
      { code: 'xxx', cents: 5 },
    ]);
    await currencies.upsert(
      [
        { code: 'usd', cents: 101 },
        { code: 'gbp', cents: 100 },
      ],
      ['code'],
    );
    expect((await currencies.update({ cents: 101 }, { cents: 100 })).affected).toBe(1);
    expect((await currencies.increment({ code: 'jpy' }, 'cents', 1)).affected).toBe(1);
    expect((await currencies.delete({ code: 'xxx' })).affected).toBe(1);
    await expectEqualCopies(Currency);
    expect(await currencies.find({ order: { code: 'ASC' }, take: 2, skip: 1 })).toMatchObject([{ code: 'gbp' }, { code: 'jpy', cents: 2 }]);
    expect(await currencies.average('cents')).toBe(75.5);
    const [gone] = await currencies.findBy({ code: 'gbp' });
    expect((await currencies.remove(gone!)).code).toBeUndefined();
    expect(await currencies.count()).toBe(3);
    await expectEqualCopies(Currency);
    expect((await currencies.updateAll({ cents: 0 })).affected).toBe(3);
    expect((await currencies.deleteAll()).affected).toBe(3);
    await currencies.clear();
  });

  it('gets one generated UUID for all copies', async () => {
    const labels = test.cluster.getRepository(Label);
    await labels.save([{ text: 'saved' }, { text: 'too' }]);
    await labels.insert({ text: 'inserted' });
    await labels.insert([{ text: 'inserted 2' }, { text: 'inserted 3' }]);

    expect(await labels.count()).toBe(5);
    await expectEqualCopies(Label);
  });

  it('is read on one shard, in turns', async () => {
    const currencies = test.cluster.getRepository(Currency);
    const asked: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) asked.push(...(await test.log.shardsDuring(() => currencies.find())));

    expect(asked.sort()).toEqual(['s1', 's1', 's2', 's2', 's3', 's3']);
    expect(await test.log.shardsDuring(() => currencies.onShard('s3').count())).toEqual(['s3']);
    expect(await currencies.explain()).toMatchObject({ route: 'one', reason: expect.stringContaining('reference table') });
    expect(() => test.cluster.shardFor(Currency, 'eur')).toThrow(NotShardedError);
    expect(() => currencies.forKey('eur')).toThrow(NotShardedError);
  });

  it.each(['save', 'insert', 'upsert', 'remove'] as const)(
    'names by %s what was done and what was not when a shard fails',
    async (member) => {
      const currencies = test.cluster.getRepository(Currency);
      await currencies.insert({ code: 'old', cents: 1 });
      const { dataSource } = test.cluster.shard('s2');
      await dataSource.query(`DROP TABLE ${dataSource.driver.escape('currency')}`);
      const call = {
        save: () => currencies.save({ code: 'new', cents: 1 }),
        insert: () => currencies.insert({ code: 'new', cents: 1 }),
        upsert: () => currencies.upsert({ code: 'new', cents: 1 }, ['code']),
        remove: () => currencies.remove(Object.assign(new Currency(), { code: 'old', cents: 1 })),
      }[member];

      const error: unknown = await call().catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(ShardsFailedError);
      expect(error).toMatchObject({ operation: member, failed: [{ shard: 's2' }], succeeded: ['s1'], notAttempted: ['s3'] });
      const counts = ['s1', 's3'].map((name) => test.cluster.shard(name).dataSource.getRepository(Currency).count());
      expect(await Promise.all(counts)).toEqual(member === 'remove' ? [0, 1] : [2, 1]);
    },
  );

  it('that is none, but unsharded, lives on its shard alone, with order, pages and numbers of its own', async () => {
    const settings = test.cluster.getRepository(Setting);
    const sent = await test.log.shardsDuring(async () => {
      await settings.save([{ name: 'a' }, { name: 'b' }]);
      await settings.insert({ name: 'c' });
      expect(await settings.find({ order: { name: 'DESC' }, take: 2 })).toMatchObject([{ id: 3, name: 'c' }, { name: 'b' }]);
      expect(await settings.average('id')).toBe(2);
      await settings.update({ name: 'a' }, { name: 'x' });
      await settings.delete(3);
      expect(await settings.count()).toBe(2);
      await test.cluster.transaction((manager) => manager.update(Setting, { name: 'x' }, { name: 'y' }));
      await settings.clear();
    });

    expect(sent).toEqual(['s2']);
    await expect(settings.onShard('s1').count()).rejects.toThrow(WrongShardError);
    expect(() => settings.forKey(1)).toThrow(NotShardedError);
    expect(test.cluster.shard('s1').dataSource.hasMetadata(Setting)).toBe(false);
  });
});
