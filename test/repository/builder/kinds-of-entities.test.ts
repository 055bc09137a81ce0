import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import { ReferenceTable, Unsharded } from '../../../src';
import { sampledKinds } from '../../database';
import { Account, Note } from '../fixtures/account';
import { keyPair, keysOn } from '../fixtures/keys-on';
import { openTestCluster, type TestCluster } from '../fixtures/test-cluster';

@Entity()
@ReferenceTable()
class Currency {
  @PrimaryColumn({ type: 'varchar', length: 10 }) code!: string;
  @Column({ type: 'int' }) cents!: number;
}

@Entity()
@Unsharded({ shard: 's2' })
class Setting {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) name!: string;
}

describe.each(sampledKinds)('A query builder (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note, Currency, Setting], shards: 3 });
    await test.cluster
      .getRepository(Account)
      .insert(Array.from({ length: 9 }, (_, number) => ({ key: `k${number}`, name: 'n', score: number, level: 1 })));
  });
  afterAll(() => test?.stop());

  const builder = () => test.cluster.createQueryBuilder();

  it('writes a reference table on every shard in turn and reads it on one', async () => {
    const insert = () =>
      builder()
        .insert()
        .into(Currency)
        .values([
          { code: 'eur', cents: 100 },
          { code: 'jpy', cents: 1 },
        ])
        .execute();
    const update = () => builder().update(Currency).set({ cents: 7 }).where('code = :c', { c: 'eur' }).execute();
    const shardsOf = async (work: () => Promise<unknown>) => (await test.log.during(work)).map(({ shard }) => shard);

    expect([...new Set(await shardsOf(insert))]).toEqual(['s1', 's2', 's3']);
    expect([...new Set(await shardsOf(update))]).toEqual(['s1', 's2', 's3']);
    const copies = await Promise.all(
      test.cluster.shards.map(({ dataSource }) => dataSource.getRepository(Currency).find({ order: { code: 'ASC' } })),
    );
    expect(new Set(copies.map((each) => JSON.stringify(each)))).toEqual(new Set(['[{"code":"eur","cents":7},{"code":"jpy","cents":1}]']));
    const read = () => test.cluster.createQueryBuilder(Currency, 'c').orderBy('c.code').getMany();
    expect(await shardsOf(read)).toHaveLength(1);
    expect(await read()).toEqual(copies[0]);
    expect(await test.cluster.createQueryBuilder(Currency, 'c').select('SUM(c.cents)', 's').getRawOne()).toEqual(
      await test.cluster.shard('s1').dataSource.createQueryBuilder(Currency, 'c').select('SUM(c.cents)', 's').getRawOne(),
    );
    expect([...new Set(await shardsOf(() => builder().delete().from(Currency).where('cents > 0').execute()))]).toEqual(['s1', 's2', 's3']);
  });

  it('reads and writes an unsharded entity on its shard', async () => {
    const sent = await test.log.shardsDuring(async () => {
      await builder()
        .insert()
        .into(Setting)
        .values([
          { id: 1, name: 'one' },
          { id: 2, name: 'two' },
        ])
        .execute();
      await builder().update(Setting).set({ name: 'new' }).where('id > 1').execute();
      expect(await test.cluster.createQueryBuilder(Setting, 's').orderBy('s.name').getMany()).toEqual([
        { id: 2, name: 'new' },
        { id: 1, name: 'one' },
      ]);
      expect(await test.cluster.createQueryBuilder(Setting, 's').select('COUNT(*)', 'n').groupBy('s.name').getRawMany()).toHaveLength(2);
      await builder().delete().from(Setting).where('id = 1').execute();
      expect(await test.cluster.createQueryBuilder(Setting, 's').getCount()).toBe(1);
    });

    expect(sent).toEqual(['s2']);
  });

  it('inserts what is selected only into tables without keys, on a shard that is named', async () => {
    const copies = (manager: EntityManager) =>
      manager
        .createQueryBuilder()
        .insert()
        .into(Setting, ['id', 'name'])
        .valuesFromSelect((from) => from.select('s.id + 100', 'id').addSelect('UPPER(s.name)', 'name').from(Setting, 's'))
        .execute();

    await expect(copies(test.cluster.manager)).rejects.toMatchObject({ feature: 'valuesFromSelect()' });
    const before = await test.cluster.getRepository(Setting).count();
    await copies(test.cluster.manager.onShard('s2'));
    expect(await test.cluster.getRepository(Setting).count()).toBe(before * 2);
  });

  it('stays on the shard of a transaction, and is undone with it', async () => {
    const [here] = keyPair(test.cluster, Account);
    const owner = test.cluster.shardFor(Account, here);
    const other = keysOn(test.cluster, Account, test.cluster.shards.find((each) => each !== owner)?.name as string)[0] as string;
    const undone = new Error('undone');
    const changed = (manager: EntityManager) =>
      manager.createQueryBuilder(Account, 'a').where('a.key = :here AND a.name = :n', { here, n: 'x' }).getCount();
    const change = async (manager: EntityManager) => {
      await manager.createQueryBuilder().update(Account).set({ name: 'x' }).where('key = :here', { here }).execute();
      expect(await changed(manager)).toBe(1);
      await expect(manager.createQueryBuilder(Account, 'a').where({ key: other }).getMany()).rejects.toMatchObject({
        code: 'ERR_TRANSACTION_SHARD',
      });
      throw undone;
    };

    for (const transaction of [
      (work: typeof change) => test.cluster.transaction(work),
      (work: typeof change) => test.cluster.forKey(Account, here).transaction(work),
    ]) {
      expect(await test.log.shardsDuring(() => expect(transaction(change)).rejects.toBe(undone))).toEqual([owner.name]);
      expect(await changed(test.cluster.manager)).toBe(0);
    }
  });
});
