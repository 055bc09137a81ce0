import { And, Between, Equal, In, MoreThan, Not, Or, Raw } from 'typeorm';
import { ScatterRefusedError, ShardKeyInvalidError, ShardKeyMissingError } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note, someAccounts } from './fixtures/account';
import { keyPair } from './fixtures/keys-on';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

type Accounts = ReturnType<TestCluster['cluster']['getRepository']>;
type Call = (accounts: Accounts, key: string) => Promise<unknown>;

const row = (key: string) => ({ key, name: 'n', score: 1, level: 1 });

/** Calls that prove one key. */
const provedCalls: Readonly<Record<string, Call>> = {
  find: (accounts, key) => accounts.find({ where: { key }, order: { name: 'ASC' }, skip: 0, take: 1 }),
  'find with relations': (accounts, key) => accounts.find({ where: { key }, relations: { notes: true } }),
  'find by In()': (accounts, key) => accounts.findBy({ key: In([key, key]) }),
  'find by Equal()': (accounts, key) => accounts.findBy({ key: Equal(key) }),
  'find by And()': (accounts, key) => accounts.findBy({ key: And(In([key, 'other']), Equal(key)) }),
  'find by Or()': (accounts, key) => accounts.findBy({ key: Or(Equal(key), In([key])) }),
  'find by several conditions': (accounts, key) => accounts.findBy([{ key, name: 'a' }, { key }]),
  findAndCount: (accounts, key) => accounts.findAndCount({ where: { key }, take: 5 }),
  findOne: (accounts, key) => accounts.findOne({ where: { key }, order: { score: 'DESC' } }),
  findOneBy: (accounts, key) => accounts.findOneBy({ key }),
  count: (accounts, key) => accounts.countBy({ key }),
  exists: (accounts, key) => accounts.exists({ where: { key }, skip: 0 }),
  average: (accounts, key) => accounts.average('score' as never, { key }),
  preload: (accounts, key) => accounts.preload({ key }),
  save: (accounts, key) => accounts.save(row(key)),
  'save of an array': (accounts, key) => accounts.save([row(key)]),
  insert: (accounts, key) => accounts.insert(row(key)),
  upsert: (accounts, key) => accounts.upsert(row(key), ['key']),
  update: (accounts, key) => accounts.update({ key }, { name: 'u' }),
  'update by id': (accounts, key) => accounts.update(key, { name: 'u' }),
  increment: (accounts, key) => accounts.increment({ key }, 'score', 1),
  softDelete: (accounts, key) => accounts.softDelete(key),
  restore: (accounts, key) => accounts.restore({ key }),
  delete: (accounts, key) => accounts.delete([key, key]),
  remove: (accounts, key) => accounts.remove(Object.assign(new Account(), row(key))),
};

/** Calls that name a key without a value that can route. */
const invalidCalls: Readonly<Record<string, (accounts: Accounts, key: never) => Promise<unknown>>> = {
  find: (accounts, key) => accounts.find({ where: { key } }),
  'find by In()': (accounts, key) => accounts.findBy({ key: In([key]) }),
  findOneBy: (accounts, key) => accounts.findOneBy({ key }),
  count: (accounts, key) => accounts.countBy({ key }),
  save: (accounts, key) => accounts.save({ ...row('x'), key }),
  'save beside a sound one': (accounts, key) => accounts.save([row('x'), { ...row('x'), key }]),
  insert: (accounts, key) => accounts.insert([row('x'), { ...row('x'), key }]),
  upsert: (accounts, key) => accounts.upsert({ ...row('x'), key }, ['key']),
  update: (accounts, key) => accounts.update({ key }, { name: 'u' }),
  delete: (accounts, key) => accounts.delete({ key }),
  preload: (accounts, key) => accounts.preload({ key }),
  remove: (accounts, key) => accounts.remove(Object.assign(new Account(), { key })),
  explain: (accounts, key) => (accounts as unknown as { explain(options: object): Promise<unknown> }).explain({ where: { key } }),
};

describe.each(sampledKinds)('The statements of a call (%s)', (kind) => {
  let test: TestCluster;
  let accounts: Accounts;
  let keys: readonly [string, string];

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note] });
    accounts = test.cluster.getRepository(Account) as unknown as Accounts;
    await accounts.save(someAccounts());
    keys = keyPair(test.cluster, Account, 'routed');
  });
  afterAll(() => test?.stop());

  it.each(Object.entries(provedCalls))('go only to the shard that owns the key: %s', async (name, call) => {
    const [first, second] = keyPair(test.cluster, Account, name);

    expect(await test.log.shardsDuring(() => call(accounts, first))).toEqual(['s1']);
    expect(await test.log.shardsDuring(() => call(accounts, second))).toEqual(['s2']);
  });

  it('go to the shards of the keys and to no other', async () => {
    const three = await openTestCluster(kind, { entities: [Account, Note], shards: 3 });
    const many = three.cluster.getRepository(Account);
    const [first, second] = keyPair(three.cluster, Account);

    expect(await three.log.shardsDuring(() => many.findBy({ key: In([first, second]) }))).toEqual(['s1', 's2']);
    expect(await three.log.shardsDuring(() => many.update([first, second], { name: 'u' }))).toEqual(['s1', 's2']);
    expect(await three.log.shardsDuring(() => many.insert([row(first), row(second)]))).toEqual(['s1', 's2']);
    expect(await three.log.shardsDuring(() => many.find())).toEqual(['s1', 's2', 's3']);
    await three.stop();
  });

  it('hold only the keys that the shard owns', async () => {
    const all = Array.from({ length: 6 }, (_, at) => keyPair(test.cluster, Account, `split ${at}`));
    const keys = all.flat();
    await accounts.save(keys.map(row));
    const calls: readonly (() => Promise<unknown>)[] = [
      () => accounts.findBy({ key: In(keys) }),
      () => accounts.find({ where: { key: In(keys), name: 'n' }, order: { score: 'ASC' } }),
      () => accounts.countBy({ key: In(keys) }),
      () => accounts.update({ key: In(keys) }, { name: 'split' }),
      () => accounts.update(keys, { name: 'n' }),
      () => accounts.delete(keys),
    ];

    for (const call of calls) {
      const sent = await test.log.during(call);
      const lists = sent.filter(({ sql }) => sql.includes(' IN ('));
      expect(lists.map(({ shard }) => shard).sort()).toEqual(['s1', 's2']);
      // A placeholder for each of the six keys of the shard.
      for (const { sql } of lists) expect(/ IN \(([^)]*)\)/.exec(sql)?.[1]?.split(',')).toHaveLength(6);
    }
  });

  it('hold only the alternatives that concern the shard', async () => {
    const [a, b] = keys;
    const sent = await test.log.during(() => accounts.findBy([{ key: a, name: 'x' }, { key: b }]));

    expect(sent.map(({ shard, sql }) => [shard, sql.includes(' OR '), /name. = /.test(sql)])).toEqual([
      ['s1', false, true],
      ['s2', false, false],
    ]);
  });

  it('are none for conditions that exclude each other', async () => {
    const [a, b] = keys;
    const sent = await test.log.during(async () => {
      expect(await accounts.findBy({ key: And(Equal(a), Equal(b)) })).toEqual([]);
      expect(await accounts.findOneBy({ key: In([]) })).toBeNull();
      expect(await accounts.countBy({ key: And(In([a]), In([b])) })).toBe(0);
      expect(await accounts.existsBy({ key: In([]) })).toBe(false);
      expect(await accounts.findAndCountBy({ key: In([]) })).toEqual([[], 0]);
      expect(await accounts.sum('score' as never, { key: In([]) })).toBeNull();
    });

    expect(sent).toEqual([]);
  });

  it.each([
    ['Not()', { key: Not('x') }],
    ['a comparison', { key: MoreThan('a') }],
    ['Between()', { key: Between('a', 'z') }],
    ['Raw()', { key: Raw((column) => `${column} IS NOT NULL`) }],
    ['one of two conditions without the key', [{ key: 'x' }, { name: 'x' }]],
    ['Or() with something unproved', { key: Or(Equal('x'), Not('y')) }],
  ])('go to every shard for what proves nothing: %s', async (_name, where) => {
    expect(await test.log.shardsDuring(() => accounts.find({ where }))).toEqual(['s1', 's2']);
    const refused = await test.log.during(() => expect(accounts.delete(where as never)).rejects.toThrow(ScatterRefusedError));
    expect(refused).toEqual([]);
  });

  describe.each([
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['a number', 7],
    ['an object', { toString: (): string => 'x' }],
    ['an array', ['x']],
    ['a NUL in a string', 'a\0b'],
    ['half a surrogate pair', 'a\ud800'],
  ])('are none when the key is %s', (_name, key) => {
    it.each(Object.entries(invalidCalls))('in %s', async (_call, call) => {
      const sent = await test.log.during(async () => {
        const error: unknown = await call(accounts, key as never).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(Error);
        if (!(error instanceof ShardKeyMissingError) && !(error instanceof ShardKeyInvalidError)) {
          expect((error as Error).message).toMatch(/null|undefined/i);
        }
      });

      expect(sent).toEqual([]);
    });
  });
});
