import { In } from 'typeorm';
import { ScatterRefusedError, ScatterUnsupportedError, ShardsFailedError } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note, someAccounts } from './fixtures/account';
import { keyPair } from './fixtures/keys-on';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

describe.each(sampledKinds)('A call that proves no shard (%s)', (kind) => {
  let test: TestCluster;
  let keys: readonly [string, string];

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note] });
    await test.cluster.getRepository(Account).save(someAccounts());
    keys = keyPair(test.cluster, Account, 'a');
  });
  afterEach(() => test?.stop());

  it('is refused before any statement when it needs a lock, or a page in an order that gives an entity several places', async () => {
    const accounts = test.cluster.getRepository(Account);
    const both = { key: In([...keys]) };
    const lock = { mode: 'pessimistic_read' } as const;
    const several = 'a page that is ordered by notes.text, of which an entity can have several,';
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['a lock', () => accounts.find({ lock })],
      ['a lock', () => accounts.findAndCount({ where: both, lock })],
      ['a lock', () => accounts.findOne({ where: both, lock })],
      ['a lock', () => accounts.acrossShards().find({ lock })],
      [several, () => accounts.find({ order: { notes: { text: 'ASC' } }, take: 1 })],
      [several, () => accounts.findAndCount({ where: both, order: { notes: { text: 'ASC' } }, skip: 1, take: 1 })],
    ];
    // How the columns of an order are declared is asked once.
    await accounts.find({ order: { notes: { text: 'ASC' } } });

    const sent = await test.log.during(async () => {
      for (const [feature, call] of calls) {
        const error: unknown = await call().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ScatterUnsupportedError);
        expect(error).toMatchObject({ code: 'ERR_SCATTER_UNSUPPORTED', entity: 'Account', feature });
      }
    });

    expect(sent).toEqual([]);
  });

  it('refuses a write by criteria before any statement, and names the call', async () => {
    const accounts = test.cluster.getRepository(Account);
    const where = { name: 'name 1' };
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['update', () => accounts.update(where, { score: 1 })],
      ['update', () => accounts.increment(where, 'score', 1)],
      ['delete', () => accounts.delete(where)],
      ['softDelete', () => accounts.softDelete(where)],
      ['restore', () => accounts.restore(where)],
      ['update', () => test.cluster.getRepository(Note).update('a3x', { text: 'by an id that is no shard key' })],
    ];

    const sent = await test.log.during(async () => {
      for (const [operation, call] of calls) {
        const error: unknown = await call().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ScatterRefusedError);
        expect(error).toMatchObject({ code: 'ERR_SCATTER_REFUSED', operation });
      }
    });

    expect(sent).toEqual([]);
  });

  it('writes on every shard after acrossShards(), and sums what they did', async () => {
    const accounts = test.cluster.getRepository(Account).acrossShards();
    const result = await accounts.update({ level: In([1]) }, { name: 'across' });

    expect(result.affected).toBe(4);
    expect(await accounts.countBy({ name: 'across' })).toBe(4);
    expect((await accounts.softDelete({ name: 'across' })).affected).toBe(4);
    expect((await accounts.restore({ name: 'across' })).affected).toBe(4);
    expect((await accounts.delete({ name: 'across' })).affected).toBe(4);
    expect(await accounts.count()).toBe(8);
  });

  it('needs no acrossShards() for keys of several shards', async () => {
    const accounts = test.cluster.getRepository(Account);

    expect((await accounts.update({ key: In([...keys]) }, { name: 'proved' })).affected).toBe(2);
    expect(await accounts.countBy({ name: 'proved' })).toBe(2);
  });

  it('names every shard that failed and those that did not', async () => {
    const accounts = test.cluster.getRepository(Account);
    const [, second] = test.cluster.shards;
    await second!.dataSource.query(`DROP TABLE ${second!.dataSource.driver.escape('note')}`);
    await second!.dataSource.query(`DROP TABLE ${second!.dataSource.driver.escape('account')}`);

    const error: unknown = await accounts
      .acrossShards()
      .update({ level: 1 }, { name: 'part' })
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ShardsFailedError);
    expect(error).toMatchObject({ operation: 'update', failed: [{ shard: 's2', error: { code: 'ERR_SHARD_FAILED' } }], succeeded: ['s1'] });
    await expect(accounts.count()).rejects.toMatchObject({ operation: 'count', failed: [{ shard: 's2' }] });
    expect(await accounts.countBy({ key: keys[0] })).toBe(1);
  });
});

describe.each(sampledKinds)("A cluster with scatter: { writes: 'allow' } (%s)", (kind) => {
  it('writes by criteria that prove no shard', async () => {
    const test = await openTestCluster(kind, { entities: [Account, Note], options: { scatter: { writes: 'allow' } } });
    const accounts = test.cluster.getRepository(Account);
    await accounts.save(someAccounts());

    expect((await accounts.update({ level: 1 }, { name: 'allowed' })).affected).toBe(4);
    expect(await accounts.countBy({ name: 'allowed' })).toBe(4);
    await test.stop();
  });
});
