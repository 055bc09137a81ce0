import { type EntityManager, SelectQueryBuilder } from 'typeorm';
import { ShardRequiredError } from '../../../src';
import { databaseKinds } from '../../database';
import { Account, Note, someAccounts } from '../fixtures/account';
import { partitionedKinds } from '../fixtures/partitioned-kinds';
import { openTestCluster, type TestCluster } from '../fixtures/test-cluster';
import { typedMembers } from '../fixtures/typed-members';
import { type BuilderCase, readCases, writeCases } from './builder-cases';

/** Members that are no calls to compare by themselves; each has a test of its own. */
const elsewhere = [
  // Below.
  ...['@instanceof', 'connection', 'dataSource', 'getQuery', 'getSql', 'getQueryAndParameters', 'setQueryRunner', 'valuesFromSelect'],
  // In relation-calls.test.ts; stream() only as far as it is refused, in refusals.test.ts and leaving-joins.test.ts.
  ...['stream', 'set', 'add', 'remove', 'addAndRemove'],
];
/** Members that only throw until a shard is named, and say how to name one. */
const throwing = ['fromDummy'];

describe("The table of builder members, checked against TypeORM's typings", () => {
  it('has every public member of every builder', () => {
    const typings = typedMembers([
      'SelectQueryBuilder',
      'InsertQueryBuilder',
      'UpdateQueryBuilder',
      'DeleteQueryBuilder',
      'SoftDeleteQueryBuilder',
      'RelationQueryBuilder',
    ]);
    const compared = new Set([...readCases, ...writeCases].flatMap(({ members }) => members.split(' ')));

    expect(new Set([...compared, ...elsewhere, ...throwing])).toEqual(new Set([...typings.values()].flat()));
    expect(throwing.filter((name) => compared.has(name))).toEqual([]);
    expect(elsewhere.filter((name) => compared.has(name))).toEqual(['set']);
    expect(throwing).toHaveLength(1);
  });
});

const places = [
  ...databaseKinds.map((kind) => [kind, 'shards', {}] as const),
  ...partitionedKinds.map((kind) => [kind, 'partitions', { partitions: [1, 2] }] as const),
];

describe.each(places)('Query builders of a cluster (%s, %s), compared with one database', (kind, _, perShard) => {
  let test: TestCluster;
  /** Whether the rows are those of the beginning; a test that writes says otherwise. */
  let isUnchanged = false;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], ordinary: true, perShard });
  });
  afterAll(() => test?.stop());
  beforeEach(async () => {
    if (isUnchanged) return;
    for (const { manager } of [test.cluster, test.ordinary]) {
      await manager.deleteAll(Note);
      await manager.deleteAll(Account);
      await manager.save(Account, someAccounts());
      await manager.softDelete(Account, ['a10', 'a11']);
    }
    isUnchanged = true;
  });

  it.each(readCases)('answer the same by $members', async ({ run }) => {
    const answer = await settle(run, test.cluster.manager);

    expect(answer === '"refused"' ? answer : await settle(run, test.ordinary.manager)).toEqual(answer);
    if (answer !== '"refused"') expect(answer).not.toContain('Unsupported');
  });

  it.each(writeCases)('write the same by $members', async ({ run }) => {
    isUnchanged = false;
    const after = async (manager: EntityManager) => [
      await settle(run, manager),
      await settle((each) => each.find(Account, { withDeleted: true, relations: { notes: true } }), manager),
    ];

    expect(await after(test.cluster.manager)).toEqual(await after(test.ordinary.manager));
  });

  it('give rows by getSql() of the one shard, and stay on the shard that a repository names', async () => {
    const proved = test.cluster.getRepository(Account).createQueryBuilder('a').where('a.key = :k', { k: 'a3' });

    expect(proved).toBeInstanceOf(SelectQueryBuilder);
    const owner = test.cluster.shardFor(Account, 'a3');
    expect(proved.getSql()).toContain(owner.dataSource.getMetadata(Account).tableName);
    expect(proved.getQueryAndParameters()).toEqual([proved.getSql(), ['a3']]);
    for (const member of ['getQuery', 'getSql', 'getQueryAndParameters'] as const) {
      expect(() => test.cluster.createQueryBuilder(Account, 'a')[member]()).toThrow(/needs to know its shard/);
    }
  });

  it('are of the cluster and of the kind that they say', () => {
    const builder = test.cluster.createQueryBuilder(Account, 'a');

    expect([builder.connection, builder.dataSource]).toEqual([test.cluster, test.cluster]);
    const kinds = [builder, builder.insert(), builder.update(), builder.delete(), builder.softDelete(), builder.relation('notes')];
    expect(kinds.map((each) => each['@instanceof'].description)).toEqual(
      ['Select', 'Insert', 'Update', 'Delete', 'SoftDelete', 'Relation'].map((kind) => `${kind}QueryBuilder`),
    );
  });

  it('stay on the shard of the query runner that they are given', async () => {
    const shard = test.cluster.shards[1] as (typeof test.cluster.shards)[number];
    const runner = shard.dataSource.createQueryRunner();
    try {
      const found = await test.cluster.createQueryBuilder(Account, 'a').setQueryRunner(runner).getMany();
      const own = await shard.dataSource.getRepository(Account).find();

      expect(found.map(({ key }) => key).sort()).toEqual(own.map(({ key }) => key).sort());
      expect(found.length).toBeLessThan(10);
    } finally {
      await runner.release();
    }
  });

  it('read no table unless a shard is named, and insert nothing whose key the database selects', async () => {
    const dummy = (manager: EntityManager) => manager.createQueryBuilder().fromDummy().select('1', 'one').getRawMany();
    const copies = (manager: EntityManager) =>
      manager
        .createQueryBuilder()
        .insert()
        .into(Note, ['id', 'accountKey', 'text'])
        .valuesFromSelect((from) =>
          from
            .select("'copy'", 'id')
            .addSelect('a.key', 'accountKey')
            .addSelect('a.name', 'text')
            .from(Account, 'a')
            .where('a.key = :k', { k: 'a3' }),
        )
        .execute();
    const { manager } = test.cluster;
    const named = manager.forKey(Account, 'a3');

    await expect(dummy(manager)).rejects.toThrow(ShardRequiredError);
    expect((await dummy(named)).map(({ one }) => Number(one))).toEqual([1]);
    for (const each of [manager, named]) {
      const sent = await test.log.during(() => expect(copies(each)).rejects.toThrow(ShardRequiredError));
      expect(sent).toEqual([]);
    }
  });
});

async function settle(run: BuilderCase['run'], manager: EntityManager): Promise<string> {
  try {
    return stable(await run(manager));
  } catch (error) {
    return (error as Error).name;
  }
}

function stable(value: unknown): string {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return 'a date';
  if (Array.isArray(value)) return value.map(plain).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'raw' && name !== 'deletedAt' && name !== 'a_deletedAt')
      .map(([name, each]) => [name, plain(each)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
