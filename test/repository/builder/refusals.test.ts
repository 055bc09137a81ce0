import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { ScatterRefusedError, ShardKeyChangedError } from '../../../src';
import { sampledKinds } from '../../database';
import { Account, Note, someAccounts } from '../fixtures/account';
import { keyPair } from '../fixtures/keys-on';
import { openTestCluster, type TestCluster } from '../fixtures/test-cluster';

type Select = SelectQueryBuilder<Account>;

describe.each(sampledKinds)('A query builder of a cluster (%s)', (kind) => {
  let test: TestCluster;
  let here: string;
  let there: string;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note] });
    await test.cluster.getRepository(Account).save(someAccounts());
    [here, there] = keyPair(test.cluster, Account, 'a');
  });
  afterAll(() => test?.stop());

  const accounts = () => test.cluster.getRepository(Account).createQueryBuilder('a');

  it('sends statements to the shards that its conditions prove, and none when they exclude each other', async () => {
    const sentTo = (build: (builder: Select) => Promise<unknown>) => test.log.shardsDuring(() => build(accounts()));

    expect(await sentTo((qb) => qb.where('a.key = :here', { here }).getMany())).toEqual(['s1']);
    expect(await sentTo((qb) => qb.where({ key: there }).getManyAndCount())).toEqual(['s2']);
    expect(await sentTo((qb) => qb.whereInIds([here]).getCount())).toEqual(['s1']);
    expect(await sentTo((qb) => qb.where('a.key IN (:...keys)', { keys: [here, there] }).getMany())).toEqual(['s1', 's2']);
    expect(await sentTo((qb) => qb.where('a.score > 1').getMany())).toEqual(['s1', 's2']);
    expect(await sentTo((qb) => qb.where('a.key = :here AND a.key = :there', { here, there }).getMany())).toEqual([]);
    expect(await sentTo((qb) => qb.update().set({ name: 'x' }).where({ key: here }).execute())).toEqual(['s1']);
    expect(await sentTo((qb) => qb.relation('notes').of(there).loadMany())).toEqual(['s2']);
  });

  it('counts by no statement what an excluded condition counts to', async () => {
    const none = () => accounts().where('a.key = :here AND a.key = :there', { here, there });

    expect(await none().getMany()).toEqual([]);
    expect(await none().getCount()).toBe(0);
    expect(await none().getOne()).toBeNull();
    expect(await none().getExists()).toBe(false);
    expect(Number((await none().select('COUNT(*)', 'n').getRawOne()).n)).toBe(0);
  });

  const refused: readonly [string, (qb: Select) => Promise<unknown>][] = [
    ['a window function', (qb) => qb.select('ROW_NUMBER() OVER (ORDER BY a.key)', 'n').getRawMany()],
    ['VARIANCE()', (qb) => qb.select('VARIANCE(a.score)', 'n').getRawMany()],
    ['a sub-query', (qb) => qb.where((each) => `a.key IN ${each.subQuery().select('n.accountKey').from(Note, 'n').getQuery()}`).getMany()],
    ['a sub-query', (qb) => qb.addSelect((each) => each.subQuery().select('COUNT(*)').from(Note, 'n'), 'n').getRawMany()],
    ['a second FROM', (qb) => qb.addFrom(Note, 'n').getMany()],
    ['DISTINCT ON', (qb) => qb.distinctOn(['a.name']).getMany()],
    ['a lock', (qb) => qb.setLock('pessimistic_write').getMany()],
    ['a common table expression', (qb) => qb.addCommonTableExpression('SELECT 1', 'c').getMany()],
    ['a join of Note by another condition than the shard key', (qb) => qb.leftJoin(Note, 'n', 'n.text = a.name').getMany()],
    ['GROUP BY', (qb) => qb.groupBy('a.name').getMany()],
    ['HAVING', (qb) => qb.having('COUNT(*) > 1').getCount()],
    ['HAVING without GROUP BY or an aggregate', (qb) => qb.select('a.name', 'n').having('a.score > 1').getRawMany()],
    ['the column name that is not in GROUP BY', (qb) => qb.select('a.name', 'n').having('COUNT(*) > 1').getRawMany()],
    ['an order by an expression', (qb) => qb.select('a.name', 'n').orderBy('COUNT(*)').getRawMany()],
    ['an order by an expression', (qb) => qb.orderBy('MAX(a.score)').getMany()],
    ['an aggregate', (qb) => qb.addSelect('COUNT(*)', 'n').getMany()],
    ['an aggregate', (qb) => qb.select('MAX(a.score)', 'n').getOne()],
    ['an aggregate', (qb) => qb.addSelect('MAX(a.score)', 'n').getManyAndCount()],
    ['an aggregate or DISTINCT', (qb) => qb.addSelect('COUNT(*)', 'n').getRawAndEntities()],
    ['DISTINCT in a selection', (qb) => qb.select('DISTINCT a.name', 'n').getMany()],
    ['DISTINCT ON', (qb) => qb.select('DISTINCT ON (a.name) a.key', 'n').getRawMany()],
    ['groups, an aggregate or DISTINCT', (qb) => qb.select('DISTINCT a.name', 'n').stream()],
    ['an order', (qb) => qb.orderBy('a.name').stream()],
  ];

  it.each(refused)('refuses %s over several shards, by name and before any statement', async (feature, run) => {
    const sent = await test.log.during(async () => {
      const isJoin = feature === 'a second FROM' ? /a second FROM|join of Note/ : feature;
      await expect(run(accounts())).rejects.toMatchObject({ code: 'ERR_SCATTER_UNSUPPORTED', feature: expect.stringMatching(isJoin) });
    });

    expect(sent).toEqual([]);
  });

  it('refuses writes that prove no shard, a changed key and a limit over several shards', async () => {
    const update = (manager: EntityManager = test.cluster.manager) => manager.createQueryBuilder().update(Account);

    await expect(update().set({ name: 'x' }).where('score > 1').execute()).rejects.toThrow(ScatterRefusedError);
    await expect(update().set({ key: there }).where({ key: here }).execute()).rejects.toThrow(ShardKeyChangedError);
    await expect(
      update()
        .set({ name: 'x' })
        .where('key IN (:...k)', { k: [here, there] })
        .limit(1)
        .execute(),
    ).rejects.toMatchObject({ feature: 'limit or orderBy' });
    expect((await update(test.cluster.manager.acrossShards()).set({ level: 1 }).where('score >= 0').execute()).affected).toBe(12);
    const insert = () => test.cluster.createQueryBuilder().insert().into(Account).values({ key: here, name: 'x', score: 1, level: 1 });
    await expect(insert().orUpdate(['key', 'name'], ['key']).execute()).rejects.toThrow(ShardKeyChangedError);
    await expect(insert().orUpdate(['name'], ['name']).execute()).rejects.toMatchObject({ code: 'ERR_CONFLICT_PATHS' });
    await expect(test.cluster.createQueryBuilder().relation(Account, 'notes').of(here).add('x')).rejects.toThrow(ShardKeyChangedError);
  });

  it('stays on the shard of a query runner, and in its transaction', async () => {
    const runner = test.cluster.shard('s2').dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      const sent = await test.log.shardsDuring(() => test.cluster.createQueryBuilder(Account, 'a', runner).getMany());

      expect(sent).toEqual(['s2']);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    const inside = await test.cluster.transaction((manager) =>
      manager.createQueryBuilder(Account, 'a').where({ key: here }).useTransaction(true).getCount(),
    );
    expect(inside).toBe(1);
  });
});
