import { In, LessThan, MoreThanOrEqual, type ObjectLiteral } from 'typeorm';
import { ConfigurationError, CursorInvalidError, type FindPageOptions, type Page, type ShardedRepository } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note, someAccounts } from './fixtures/account';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const keysOf = ({ rows }: Page<Account>) => rows.map(({ key }) => key);

/** The twelve accounts by name descending, ties by key descending. */
const inOrder = ['a7', 'a3', 'a11', 'a6', 'a2', 'a10', 'a9', 'a5', 'a1', 'a8', 'a4', 'a0'];

describe.each(sampledKinds)('findPage() (%s)', (kind) => {
  let test: TestCluster;
  let accounts: ShardedRepository<Account>;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], shards: 3, options: { cursorSecret: 'only for this test' } });
    accounts = test.cluster.getRepository(Account);
  });
  afterAll(() => test?.stop());
  beforeEach(async () => {
    await test.cluster.manager.deleteAll(Note);
    await accounts.deleteAll();
    await accounts.save(someAccounts());
  });

  const page = (options: Partial<FindPageOptions<Account>>) => accounts.findPage({ order: { name: 'DESC' }, limit: 5, ...options });

  it('walks forwards and back through all rows in order', async () => {
    const first = await page({});
    const second = await page({ after: first.next });
    const third = await page({ after: second.next });

    expect([first, second, third].map(keysOf)).toEqual([inOrder.slice(0, 5), inOrder.slice(5, 10), inOrder.slice(10)]);
    expect([first.previous, third.next]).toEqual([null, null]);
    const back = await page({ before: third.previous });
    expect(keysOf(back)).toEqual(keysOf(second));
    const start = await page({ before: back.previous });
    expect(keysOf(start)).toEqual(keysOf(first));
    expect(start.previous).toBeNull();
    expect(keysOf(await page({ after: start.next }))).toEqual(keysOf(second));
  });

  it('stays where it is while rows before it come and go, also the one it goes by', async () => {
    const first = await page({});
    await test.cluster.getRepository(Note).delete({ accountKey: 'a6' });
    await accounts.delete({ key: In(['a7', 'a6', 'a2']) });
    await accounts.insert({ key: 'new', name: 'name 9', score: 1, level: 1 });

    const second = await page({ after: first.next });

    expect(keysOf(second)).toEqual(inOrder.slice(5, 10));
    expect(keysOf(await page({ before: second.previous }))).toEqual(['new', 'a3', 'a11']);
  });

  it('loads relations, respects conditions, and is in the order of the primary key without one', async () => {
    const found = await accounts.findPage({ where: { score: MoreThanOrEqual(6) }, relations: { notes: true }, limit: 3 });

    expect(found.rows.map(({ key, notes }) => [key, notes.length])).toEqual([
      ['a10', 0],
      ['a11', 0],
      ['a2', 0],
    ]);
    const { rows } = await accounts.findPage({
      where: { score: MoreThanOrEqual(6) },
      relations: { notes: true },
      limit: 2,
      after: found.next,
    });
    expect(rows.map(({ key, notes }) => [key, notes.length])).toEqual([
      ['a3', 2],
      ['a4', 0],
    ]);
  });

  it('asks only the shard that is proved, and none for conditions that exclude each other', async () => {
    const owner = test.cluster.shardFor(Account, 'a3').name;

    expect(await test.log.shardsDuring(() => accounts.findPage({ where: { key: 'a3' }, limit: 2 }))).toEqual([owner]);
    const sent = await test.log.during(async () => {
      expect(await accounts.findPage({ where: { key: In([]) }, limit: 2 })).toEqual({ rows: [], next: null, previous: null });
    });
    expect(sent).toEqual([]);
  });

  it('takes a cursor for other values of the same conditions, and refuses one of other conditions or another order', async () => {
    const { next } = await page({ where: { score: MoreThanOrEqual(0) } });

    expect(keysOf(await page({ where: { score: MoreThanOrEqual(1) }, after: next }))).toEqual(inOrder.slice(5, 10));
    const others: Partial<FindPageOptions<Account>>[] = [
      {},
      { where: { score: LessThan(100) } },
      { where: { score: MoreThanOrEqual(0) }, order: { name: 'ASC' } },
      { where: { score: MoreThanOrEqual(0) }, order: { name: 'DESC', score: 'ASC' } },
    ];
    for (const other of others) await expect(page({ ...other, after: next })).rejects.toThrow(CursorInvalidError);
    await expect(page({ after: `${next?.slice(0, -4)}AAAA` })).rejects.toThrow(CursorInvalidError);
  });

  it.each<[string, ObjectLiteral]>([
    ['a limit of 0', { limit: 0 }],
    ['a limit too large', { limit: 10_001 }],
    ['a limit that is no whole number', { limit: 1.5 }],
    ['after and before together', { after: 'a', before: 'b' }],
    ['skip', { skip: 1 }],
    ['take', { take: 1 }],
    ['a lock', { lock: { mode: 'pessimistic_write' } }],
  ])('refuses %s before anything is sent', async (_name, options) => {
    const sent = await test.log.during(() => expect(page(options)).rejects.toThrow(ConfigurationError));

    expect(sent).toEqual([]);
  });
});
