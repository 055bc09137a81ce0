import { Brackets, type EntityManager, In, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';
import { Account, Note } from '../fixtures/account';

type Select = SelectQueryBuilder<Account>;

/** Members of a builder in use: what it answers, and what it leaves behind, must be as on one database. */
export interface BuilderCase {
  readonly members: string;
  readonly run: (manager: EntityManager) => Promise<unknown>;
}

const accounts = (manager: EntityManager): Select => manager.createQueryBuilder(Account, 'a');
const one = (manager: EntityManager): Select => accounts(manager).where('a.key = :key', { key: 'a3' });
const many = (members: string, build: (builder: Select) => Select): BuilderCase => ({
  members,
  run: (manager) => build(accounts(manager)).getMany(),
});
const raw = (members: string, build: (builder: Select) => SelectQueryBuilder<ObjectLiteral>): BuilderCase => ({
  members,
  run: (manager) => build(one(manager)).getRawMany(),
});
const row = (key: string) => ({ key, name: 'new', score: 1, level: 2 });

/** Reads. Those over several shards give no order, so answers are compared sorted. */
export const readCases: readonly BuilderCase[] = [
  many('where setParameter getMany', (qb) => qb.where('a.score > :low').setParameter('low', 9)),
  many('where andWhere orWhere setParameters', (qb) =>
    qb
      .where({ key: In(['a1', 'a2']) })
      .andWhere('a.score > 0')
      .orWhere('a.key = :k')
      .setParameters({ k: 'a7' }),
  ),
  many('where', (qb) => qb.where(new Brackets((inner) => inner.where('a.key = :x', { x: 'a1' }).orWhere({ level: 2 })))),
  many('where subQuery', (qb) =>
    qb.where('a.key = :k', { k: 'a3' }).andWhere((each) => `a.key IN ${each.subQuery().select('n.accountKey').from(Note, 'n').getQuery()}`),
  ),
  many('whereInIds', (qb) => qb.whereInIds(['a1', 'a2', 'a4'])),
  many('andWhereInIds orWhereInIds', (qb) => qb.where('a.level > 0').andWhereInIds(['a1', 'a2']).orWhereInIds('a6')),
  many('setFindOptions', (qb) => qb.setFindOptions({ where: { key: In(['a3', 'a6']), level: In([0]) }, relations: { notes: true } })),
  many('leftJoinAndSelect', (qb) => qb.leftJoinAndSelect('a.notes', 'n')),
  many('innerJoinAndSelect', (qb) => qb.innerJoinAndSelect('a.notes', 'n', 'n.text = :t', { t: 'x' })),
  many('innerJoin addSelect', (qb) => qb.innerJoin('a.notes', 'n').addSelect('n.text')),
  many('leftJoin', (qb) => qb.leftJoin(Note, 'n', 'n.accountKey = a.key').where('n.text = :t', { t: 'y' })),
  many('leftJoinAndMapMany', (qb) => qb.leftJoinAndMapMany('a.mapped', 'a.notes', 'n')),
  many('leftJoinAndMapOne', (qb) => qb.leftJoinAndMapOne('a.mapped', Note, 'n', "n.accountKey = a.key AND n.text = 'x'")),
  many('innerJoinAndMapMany', (qb) => qb.innerJoinAndMapMany('a.mapped', 'a.notes', 'n')),
  many('innerJoinAndMapOne', (qb) => qb.innerJoinAndMapOne('a.mapped', 'a.notes', 'n', "n.text = 'y'")),
  many('loadAllRelationIds', (qb) => qb.loadAllRelationIds()),
  many('loadRelationIdAndMap', (qb) => qb.loadRelationIdAndMap('a.ids', 'a.notes')),
  many('withDeleted', (qb) => qb.withDeleted()),
  many('select comment', (qb) => qb.select(['a.key', 'a.name']).comment('why')),
  many('cache', (qb) => qb.cache(false)),
  many('callListeners', (qb) => qb.callListeners(false)),
  many('useTransaction', (qb) => qb.where('a.key = :k', { k: 'a3' }).useTransaction(true)),
  many('maxExecutionTime', (qb) => qb.maxExecutionTime(0)),
  many('clone', (qb) => qb.where('a.level = 10').clone().orWhere('a.key = :k', { k: 'a4' })),
  many('setOption', (qb) => qb.setOption('create-pojo')),
  many('expressionMap alias escape hasParameter getParameters hasRelation', (qb) => {
    expect([qb.alias, qb.expressionMap.mainAlias?.name, qb.hasParameter('x'), qb.hasRelation(Account, 'notes')]).toEqual([
      'a',
      'a',
      false,
      true,
    ]);
    return qb.where(`${qb.escape('a')}.${qb.escape('key')} = :x`).setParameters({ ...qb.getParameters(), x: 'a1' });
  }),
  many('orderBy addOrderBy take skip', (qb) =>
    qb.where('a.key = :k', { k: 'a3' }).orderBy('a.name').addOrderBy('a.key', 'DESC').skip(0).take(2),
  ),
  many('useIndex', (qb) => qb.useIndex('PRIMARY')),
  many('timeTravelQuery', (qb) => qb.timeTravelQuery()),
  many('disableEscaping', (qb) => qb.disableEscaping().withDeleted().select(['a.key', 'a.name'])),
  many('distinctOn', (qb) => qb.where('a.key = :k', { k: 'a3' }).distinctOn(['a.name'])),
  {
    members: 'setLock setOnLocked',
    run: (manager) => manager.transaction((inside) => one(inside).setLock('pessimistic_write').setOnLocked('skip_locked').getMany()),
  },
  {
    members: 'concatRelationMetadata',
    run: (manager) => {
      const builder = accounts(manager).setFindOptions({ relationLoadStrategy: 'query' });
      const { relations } = manager.dataSource.getMetadata(Account);
      builder.concatRelationMetadata(...relations.filter(({ propertyPath }) => propertyPath === 'notes'));
      return builder.getMany();
    },
  },
  { members: 'getOne', run: (manager) => one(manager).getOne() },
  { members: 'getOneOrFail', run: (manager) => one(manager).getOneOrFail() },
  { members: 'getOneOrFail', run: (manager) => accounts(manager).where('a.key = :k', { k: 'none' }).getOneOrFail() },
  { members: 'getCount', run: (manager) => accounts(manager).where('a.score > 3').getCount() },
  { members: 'getManyAndCount', run: (manager) => accounts(manager).leftJoinAndSelect('a.notes', 'n').getManyAndCount() },
  { members: 'getExists', run: (manager) => accounts(manager).where('a.score > 1000').getExists() },
  { members: 'getRawMany', run: (manager) => accounts(manager).select('a.key', 'key').getRawMany() },
  { members: 'getRawOne', run: (manager) => one(manager).select('a.name', 'name').getRawOne() },
  { members: 'getRawAndEntities', run: (manager) => one(manager).getRawAndEntities() },
  { members: 'execute', run: (manager) => one(manager).select('a.name', 'name').execute() },
  raw('addGroupBy groupBy having andHaving orHaving', (qb) =>
    qb
      .select('a.name', 'name')
      .addSelect('COUNT(*)', 'n')
      .groupBy('a.name')
      .addGroupBy('a.level')
      .having('COUNT(*) > 0')
      .andHaving('COUNT(*) < 9')
      .orHaving('COUNT(*) > 99'),
  ),
  raw('distinct', (qb) => qb.select('a.name', 'name').distinct()),
  raw('limit offset', (qb) => qb.select('a.name', 'name').limit(1).offset(0)),
  raw('select', (qb) =>
    qb
      .select('a.name', 'name')
      .addSelect((each) => each.subQuery().select('COUNT(*)').from(Note, 'n').where('n.accountKey = a.key'), 'notes'),
  ),
  raw('whereExists andWhereExists', (qb) =>
    qb
      .select('a.name', 'name')
      .andWhereExists(qb.createQueryBuilder().select('1').from(Note, 'n').where('n.accountKey = a.key AND n.text = :t', { t: 'x' })),
  ),
  {
    members: 'whereExists orWhereExists',
    run: (manager) => {
      const notes = () => manager.createQueryBuilder().select('1').from(Note, 'n').where('n.accountKey = a.key');
      return accounts(manager)
        .whereExists(notes())
        .orWhereExists(notes())
        .andWhere('a.key = :k', { k: 'a3' })
        .select('a.name', 'name')
        .andWhere('a.key = :k')
        .getRawMany()
        .catch((error: Error) => (error.name === 'ScatterUnsupportedError' ? 'refused' : Promise.reject(error)));
    },
  },
  raw('addCommonTableExpression addFrom', (qb) =>
    qb.addCommonTableExpression("SELECT 'x' AS t", 'c').select('a.name', 'name').addFrom('c', 'c'),
  ),
  {
    members: 'from createQueryBuilder',
    run: (manager) => manager.createQueryBuilder().select('a').from(Account, 'a').where('a.key = :k', { k: 'a3' }).getMany(),
  },
  {
    members: 'createQueryBuilder',
    run: (manager) => one(manager).createQueryBuilder().select('n').from(Note, 'n').where('n.accountKey = :k', { k: 'a3' }).getMany(),
  },
];

/** Rows that a statement returned, where the database can. */
const returned = ({ raw, affected }: { readonly raw: unknown; readonly affected?: number | null }) => ({
  rows: Array.isArray(raw) ? raw : 'none',
  affected,
});

/** Writes; what they leave behind is compared too. */
export const writeCases: readonly BuilderCase[] = [
  {
    members: 'insert into values execute',
    run: (manager) => manager.createQueryBuilder().insert().into(Account).values(['n1', 'n2', 'n3', 'n4'].map(row)).execute(),
  },
  {
    members: 'updateEntity orIgnore',
    run: (manager) =>
      manager
        .createQueryBuilder()
        .insert()
        .into(Account)
        .values([row('a1'), row('n1')])
        .orIgnore()
        .updateEntity(false)
        .execute(),
  },
  {
    members: 'orUpdate',
    run: (manager) =>
      manager
        .createQueryBuilder()
        .insert()
        .into(Account)
        .values([row('a1'), row('a2'), row('n1')])
        .orUpdate(['name', 'score'], ['key'])
        .execute(),
  },
  {
    members: 'update set where',
    run: (manager) => manager.createQueryBuilder().update(Account).set({ name: 'set' }).where('key = :k', { k: 'a3' }).execute(),
  },
  {
    members: 'update whereInIds',
    run: (manager) => manager.createQueryBuilder(Account, 'a').update().set({ level: 2 }).whereInIds(['a1', 'a2', 'a4']).execute(),
  },
  {
    members: 'andWhere orWhere andWhereInIds orWhereInIds',
    run: (manager) =>
      manager
        .createQueryBuilder()
        .update(Account)
        .set({ score: () => 'score + 1' })
        .where({ key: In(['a1', 'a2']) })
        .andWhere('score > 3')
        .orWhere({ key: 'a5' })
        .execute(),
  },
  {
    members: 'whereEntity',
    run: (manager) =>
      manager
        .createQueryBuilder()
        .update(Account)
        .set({ name: 'entity' })
        .whereEntity(Object.assign(new Account(), row('a4')))
        .execute(),
  },
  {
    members: 'delete from',
    run: (manager) =>
      manager
        .createQueryBuilder()
        .delete()
        .from(Account)
        .where('key IN (:...keys)', { keys: ['a1', 'a2', 'a4'] })
        .execute(),
  },
  {
    members: 'softDelete',
    run: (manager) =>
      manager
        .createQueryBuilder()
        .softDelete()
        .from(Account)
        .where({ key: In(['a1', 'a2']) })
        .execute(),
  },
  { members: 'restore', run: (manager) => manager.createQueryBuilder(Account, 'a').restore().where('key = :k', { k: 'a11' }).execute() },
  {
    members: 'orderBy addOrderBy limit',
    run: (manager) =>
      manager
        .createQueryBuilder()
        .update(Account)
        .set({ name: 'limited' })
        .where({ key: 'a3' })
        .orderBy('score')
        .addOrderBy('level', 'DESC')
        .limit(1)
        .execute(),
  },
  {
    members: 'returning',
    run: async (manager) =>
      returned(
        await manager
          .createQueryBuilder()
          .update(Account)
          .set({ name: 'returned' })
          .where({ key: In(['a1', 'a2', 'a4']) })
          .returning(['key', 'name'])
          .execute(),
      ),
  },
  {
    members: 'returning',
    run: async (manager) =>
      returned(
        await manager.createQueryBuilder().insert().into(Account).values(['n1', 'n2', 'n3'].map(row)).returning(['key', 'score']).execute(),
      ),
  },
  {
    members: 'output',
    run: async (manager) =>
      returned(
        await manager
          .createQueryBuilder()
          .delete()
          .from(Account)
          .where({ key: In(['a1', 'a2', 'a4']) })
          .output(['key'])
          .execute(),
      ),
  },
  {
    members: 'output',
    run: async (manager) =>
      returned(await manager.createQueryBuilder().softDelete().from(Account).where({ key: 'a5' }).output(['key', 'name']).execute()),
  },
  { members: 'relation of loadMany', run: (manager) => manager.createQueryBuilder().relation(Account, 'notes').of('a3').loadMany() },
  { members: 'loadOne', run: (manager) => manager.createQueryBuilder().relation(Account, 'notes').of({ key: 'a4' }).loadOne() },
];
