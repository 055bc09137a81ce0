import { isDeepStrictEqual } from 'node:util';
import { type EntityManager, Repository } from 'typeorm';
import { ShardRequiredError } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note, someAccounts } from './fixtures/account';
import { memberCases, otherMembers, throwingMembers } from './fixtures/member-cases';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';
import { typedMembers } from './fixtures/typed-members';

type Member = (...args: unknown[]) => unknown;

/** What a manager has besides the members of a repository; each has a test of its own. */
const managerMembers = [
  'createQueryBuilder',
  'transaction',
  'withRepository',
  'getRepository',
  'connection',
  'dataSource',
  'queryRunner',
  '@instanceof',
];
const throwingManagerMembers = ['getTreeRepository', 'getMongoRepository', 'release'];

describe("The table of members, checked against TypeORM's typings", () => {
  const typings = typedMembers(['Repository', 'EntityManager']);
  const compared = memberCases.map(({ member }) => member);

  it('has every member of the Repository', () => {
    expect(new Set<string>([...compared, ...otherMembers, ...throwingMembers])).toEqual(new Set(typings.get('Repository')));
    expect(new Set(compared).size + otherMembers.length + throwingMembers.length).toBe(typings.get('Repository')?.length);
    expect(throwingMembers).toHaveLength(2);
  });

  it('has every member of the EntityManager', () => {
    const throwing = [...throwingMembers, ...throwingManagerMembers];

    expect(new Set<string>([...compared, ...managerMembers, ...throwing])).toEqual(new Set(typings.get('EntityManager')));
    expect(new Set(compared).size + managerMembers.length + throwing.length).toBe(typings.get('EntityManager')?.length);
    expect(throwing).toHaveLength(5);
  });
});

describe.each(sampledKinds)('The members of a repository and of a manager (%s), compared with one database', (kind) => {
  let test: TestCluster;
  let rows: Rows;
  /** Whether both have the rows of the beginning, which most members leave as they are. */
  let isUnchanged = false;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], ordinary: true });
  });
  afterAll(() => test?.stop());
  beforeEach(async () => {
    if (isUnchanged) return;
    for (const { manager } of [test.cluster, test.ordinary]) await seed(manager);
    rows = await rowsOf(test.ordinary.manager);
  });

  async function expectSame(run: (source: { readonly manager: EntityManager }) => Promise<Outcome>): Promise<void> {
    isUnchanged = false;
    const outcome = await run(test.cluster);
    expect(outcome).toEqual(await run(test.ordinary));
    isUnchanged = isDeepStrictEqual(outcome.rows, rows);
  }

  it('keep their rows on both shards', async () => {
    const counts = await Promise.all(test.cluster.shards.map(({ dataSource }) => dataSource.getRepository(Account).count()));

    expect(counts.every((count) => count > 0)).toBe(true);
  });

  it.each(memberCases)(
    '$member of $about answers and writes the same, called on a repository',
    async ({ member, entity = Account, args }) => {
      await expectSame(({ manager }) => {
        const repository = manager.getRepository(entity);
        return outcomeOf(manager, () => (repository[member] as unknown as Member).apply(repository, [...args()]));
      });
    },
  );

  it.each(memberCases)('$member of $about answers and writes the same, called on a manager', async ({ member, entity = Account, args }) => {
    await expectSame(({ manager }) =>
      outcomeOf(manager, () => (manager[member as keyof EntityManager] as unknown as Member).apply(manager, [entity, ...args()])),
    );
  });

  it.each(throwingMembers)('%s of neither sends anything without a shard', async (member) => {
    const { cluster, log } = test;
    const repository = cluster.getRepository(Account);

    const sent = await log.during(async () => {
      for (const owner of [repository, cluster.manager]) {
        const call = async () => (owner[member] as unknown as Member).apply(owner, member === 'sql' ? [['select 1']] : ['select 1']);
        await expect(call()).rejects.toThrow(ShardRequiredError);
      }
    });

    expect(sent).toEqual([]);
  });

  it('are what they are of TypeORM where they are no calls', async () => {
    const { cluster } = test;
    const repository = cluster.getRepository(Account);

    expect(repository).toBeInstanceOf(Repository);
    expect([repository.target, repository.manager, repository.queryRunner]).toEqual([Account, cluster.manager, undefined]);
    expect(repository.metadata).toBe(cluster.getMetadata(Account));
    expect([cluster.manager.connection, cluster.manager.dataSource, cluster.manager.queryRunner]).toEqual([cluster, cluster, undefined]);
    expect(cluster.manager['@instanceof']).toBe(Symbol.for('EntityManager'));
    expect(cluster.manager.getRepository(Account)).toBe(repository);
    const extended = repository.extend({ named: (name: string) => repository.countBy({ name }) });
    expect(await extended.named('name 0')).toBe(3);
    expect(await cluster.manager.withRepository(extended).named('name 0')).toBe(3);
    expect(await cluster.transaction((manager) => manager.getRepository(Account).existsBy({ key: 'a3' }))).toBe(true);
    expect(await repository.createQueryBuilder('a').getCount()).toBe(10);
  });

  it('leave what makes no sense on a cluster to throw', async () => {
    const { manager } = test.cluster;

    expect(() => manager.getTreeRepository(Account)).toThrow(ShardRequiredError);
    expect(() => manager.getMongoRepository(Account)).toThrow(/MongoDB/);
    await expect(manager.release()).rejects.toThrow(/cannot be released/);
  });
});

async function seed(manager: EntityManager): Promise<void> {
  await manager.deleteAll(Note);
  await manager.deleteAll(Account);
  await manager.save(Account, someAccounts());
  await manager.softDelete(Account, ['a10', 'a11']);
}

interface Rows {
  readonly accounts: readonly unknown[];
  readonly notes: readonly unknown[];
}

interface Outcome {
  readonly answer: unknown;
  readonly rows: Rows;
}

/** What a call answered or threw, and all rows after it. */
async function outcomeOf(manager: EntityManager, call: () => unknown): Promise<Outcome> {
  return { answer: await settle(call), rows: await rowsOf(manager) };
}

async function rowsOf(manager: EntityManager): Promise<Rows> {
  const accounts = await manager.find(Account, { withDeleted: true, relations: { notes: true } });
  return { accounts: sorted(accounts.map(plain)), notes: sorted((await manager.find(Note)).map(plain)) };
}

async function settle(call: () => unknown): Promise<unknown> {
  try {
    return plain(await call());
  } catch (error) {
    return { name: (error as Error).name, cause: ((error as Error).cause as Error | undefined)?.name };
  }
}

/** Answers without what the driver adds, without the time of a deletion, and sorted where nothing gives an order. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return 'a date';
  if (Array.isArray(value)) return isList(value) ? sorted(value.map(plain)) : value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== 'raw');
  return { type: value.constructor?.name, ...Object.fromEntries(entries.map(([name, each]) => [name, plain(each)])) };
}

/** `save` and `insert` answer in the order given, and their lists hold the rows named `new`. */
function isList(rows: readonly unknown[]): boolean {
  return !rows.some((row) => typeof row === 'object' && row !== null && 'key' in row && String(row.key).startsWith('new'));
}

function sorted(rows: readonly unknown[]): unknown[] {
  return [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
