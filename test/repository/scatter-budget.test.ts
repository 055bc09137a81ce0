import { Entity, In, PrimaryColumn } from 'typeorm';
import { ReferenceTable, ScatterBudgetError, type ScatterCallOptions, ScatterRefusedError, Sharded, ShardKey } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note, someAccounts } from './fixtures/account';
import { countLater, findNamed, lineOf } from './fixtures/call-site';
import { keyPair, keysOn } from './fixtures/keys-on';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

@Entity()
@Sharded({ scatter: { mode: 'forbid', maxRows: 2 } })
class Guarded {
  @PrimaryColumn({ type: 'varchar', length: 60 })
  @ShardKey()
  key!: string;
}

@Entity()
@ReferenceTable()
class Currency {
  @PrimaryColumn({ type: 'varchar', length: 60 })
  code!: string;
}

const entities = [Account, Note, Guarded, Currency];
const thrownBy = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe.each(sampledKinds)('The budget of calls to several shards (%s)', (kind) => {
  let test: TestCluster;
  let keys: readonly [string, string];

  const accounts = (limits: ScatterCallOptions = {}) => test.cluster.getRepository(Account).withScatter(limits);

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities, shards: 3, options: { scatter: { maxShards: 3 } } });
    await test.cluster.getRepository(Account).save(someAccounts());
    await test.cluster.getRepository(Guarded).insert(['a', 'b', 'c', 'd'].map((key) => ({ key })));
    keys = keyPair(test.cluster, Account, 'a');
  });
  afterAll(() => test?.stop());

  describe("with mode: 'forbid'", () => {
    it('refuses what proves no shard before any statement, reads and writes, and names the call', async () => {
      const forbidden = accounts({ mode: 'forbid', writes: 'allow' });
      const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['find', () => forbidden.find()],
        ['findOne', () => forbidden.findOneBy({ name: 'name 1' })],
        ['findAndCount', () => forbidden.findAndCount()],
        ['count', () => forbidden.count()],
        ['exists', () => forbidden.existsBy({ score: 3 })],
        ['sum', () => forbidden.sum('score')],
        ['update', () => forbidden.update({ level: 1 }, { name: 'x' })],
        ['delete', () => forbidden.delete({ level: 1 })],
      ];

      const sent = await test.log.during(async () => {
        for (const [operation, call] of calls) {
          const error = await thrownBy(call());
          expect(error).toBeInstanceOf(ScatterRefusedError);
          expect(error).toMatchObject({ code: 'ERR_SCATTER_REFUSED', entity: 'Account', operation, refusedBy: 'mode' });
        }
      });

      expect(sent).toEqual([]);
    });

    it('lets through what proves its shards, and what says that it means all', async () => {
      const forbidden = accounts({ mode: 'forbid' });

      expect(await forbidden.findBy({ key: In([...keys]) })).toHaveLength(2);
      expect(await forbidden.findBy({ key: keys[0] })).toHaveLength(1);
      expect(await forbidden.findBy({ key: In([]) })).toEqual([]);
      expect(await forbidden.acrossShards().count()).toBe(12);
      expect(await test.cluster.getRepository(Account).acrossShards().withScatter({ mode: 'forbid' }).count()).toBe(12);
      expect((await forbidden.updateAll({ deletedAt: null })).affected).toBe(12);
      expect(await forbidden.onShard('s1').count()).toBeLessThan(12);
    });
  });

  describe("with mode: 'warn'", () => {
    it('logs the call, the reason and where it was made, and answers', async () => {
      const before = test.log.warnings.length;
      await findNamed(accounts({ mode: 'warn' }));
      await countLater(accounts({ mode: 'warn' }));

      const [find, count] = test.log.warnings.slice(before);
      expect(find).toContain(`find on Account, called at ${lineOf('the call of findNamed')}`);
      expect(find).toMatch(/:\d+, goes to all 3 shards: .+/);
      expect(count).toContain(`count on Account, called at ${lineOf('the call of countLater')}`);
    });

    it('is silent for what proves its shards, what means all, and one shard', async () => {
      const before = test.log.warnings.length;
      const warned = accounts({ mode: 'warn' });
      await warned.findBy({ key: In([...keys]) });
      await warned.findBy({ key: keys[0] });
      await warned.acrossShards().find();
      await warned.updateAll({ deletedAt: null });
      await warned.insert([]);

      expect(test.log.warnings.slice(before)).toEqual([]);
    });

    it('warns once for each call, of writes too', async () => {
      const before = test.log.warnings.length;
      await accounts({ mode: 'warn', writes: 'allow' }).update({ name: 'nobody' }, { name: 'x' });

      expect(test.log.warnings.slice(before)).toEqual([
        expect.stringMatching(/^update on Account, called at .*scatter-budget.test.ts:\d+:\d+, /),
      ]);
    });
  });

  describe('with maxShards', () => {
    it('refuses what needs more shards before any statement, also when it says that it means all', async () => {
      const { cluster } = test;
      const narrow = accounts({ maxShards: 1, writes: 'allow' });
      const rows = cluster.shards.map(({ name }) => ({
        key: keysOn(cluster, Account, name, { prefix: 'new' })[0],
        name: 'x',
        score: 1,
        level: 1,
      }));
      const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['find', () => narrow.find()],
        ['find', () => narrow.findBy({ key: In([...keys]) })],
        ['count', () => narrow.acrossShards().count()],
        ['update', () => narrow.update({ level: 1 }, { name: 'x' })],
        ['deleteAll', () => narrow.deleteAll()],
        ['clear', () => narrow.clear()],
        ['insert', () => narrow.insert(rows)],
      ];

      const sent = await test.log.during(async () => {
        for (const [operation, call] of calls) {
          const error = await thrownBy(call());
          expect(error).toBeInstanceOf(ScatterBudgetError);
          expect(error).toMatchObject({ code: 'ERR_SCATTER_BUDGET', operation, entity: 'Account', budget: 'maxShards', limit: 1 });
        }
      });

      expect(sent).toEqual([]);
    });

    it('allows exactly so many', async () => {
      expect(await accounts({ maxShards: 2 }).findBy({ key: In([...keys]) })).toHaveLength(2);
      expect(await accounts({ maxShards: 3 }).count()).toBe(12);
    });

    it('does not concern copies of a reference table', async () => {
      const currencies = test.cluster.getRepository(Currency).withScatter({ maxShards: 1, timeoutMs: 60_000 });
      await currencies.insert({ code: 'EUR' });

      expect(await test.log.shardsDuring(() => currencies.update({ code: 'EUR' }, { code: 'EUR' }))).toEqual(['s1', 's2', 's3']);
      expect(await currencies.count()).toBe(1);
    });
  });

  describe('with maxRows', () => {
    it('answers exactly so many rows, and fails with one more', async () => {
      expect(await accounts({ maxRows: 12 }).find()).toHaveLength(12);
      expect(await accounts({ maxRows: 12 }).find({ relations: { notes: true } })).toHaveLength(12);
      const [rows, count] = await accounts({ maxRows: 12 }).findAndCount();
      expect([rows.length, count]).toEqual([12, 12]);

      const error = await thrownBy(accounts({ maxRows: 11 }).find());
      expect(error).toBeInstanceOf(ScatterBudgetError);
      expect(error).toMatchObject({ entity: 'Account', operation: 'find', budget: 'maxRows', limit: 11, retryable: false });
      await expect(accounts({ maxRows: 11 }).findAndCount()).rejects.toMatchObject({ budget: 'maxRows' });
      await expect(accounts({ maxRows: 11, timeoutMs: 60_000 }).find()).rejects.toMatchObject({ budget: 'maxRows' });
    });

    it('counts anew for each call', async () => {
      const limited = accounts({ maxRows: 12 });

      for (let call = 0; call < 3; call += 1) expect(await limited.find()).toHaveLength(12);
    });

    it('does not let a shard send more than one row beyond', async () => {
      const sent = await test.log.during(() => thrownBy(accounts({ maxRows: 1 }).find()));

      expect(sent.map(({ sql }) => sql)).toEqual(Array(3).fill(expect.stringMatching(/LIMIT 2\b/)));
    });

    it('does not count numbers and answers of one shard', async () => {
      expect(await accounts({ maxRows: 1 }).count()).toBe(12);
      const own = await test.cluster.getRepository(Account).onShard('s1').count();
      expect(await accounts({ maxRows: 1 }).onShard('s1').find()).toHaveLength(own);
    });
  });

  describe('of the cluster, an entity and a call', () => {
    const guarded = (limits: ScatterCallOptions = {}) => test.cluster.getRepository(Guarded).withScatter(limits);

    it('is taken from the nearest, member by member', async () => {
      await expect(test.cluster.getRepository(Guarded).find()).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });
      await expect(test.cluster.getRepository(Guarded).acrossShards().find()).rejects.toMatchObject({ budget: 'maxRows', limit: 2 });
      await expect(guarded({ mode: 'allow' }).find()).rejects.toMatchObject({ budget: 'maxRows', limit: 2 });
      await expect(guarded({ maxRows: 10 }).find()).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });
      expect(await guarded({ mode: 'allow', maxRows: 10 }).find()).toHaveLength(4);
      await expect(guarded({ mode: 'allow', maxShards: 2 }).find()).rejects.toMatchObject({ budget: 'maxShards', limit: 2 });
      expect(await guarded({ mode: 'allow', maxRows: undefined }).count()).toBe(4);
    });

    it('is joined by calls of withScatter() one after another, and kept by managers, repositories and routes made from there', async () => {
      const manager = test.cluster.manager.withScatter({ maxRows: 1 }).withScatter({ mode: 'forbid' });

      for (const each of [manager, manager.acrossShards(), manager.getRepository(Account).acrossShards().manager]) {
        await expect(
          each.findBy(Account, { key: In(keysOn(test.cluster, Account, 's1', { count: 2 }).concat(keys)) }),
        ).rejects.toMatchObject({
          budget: 'maxRows',
          limit: 1,
        });
      }
      await expect(manager.getRepository(Account).find()).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });
      expect(await manager.forKey(Account, keys[0]).findBy(Account, { key: keys[0] })).toHaveLength(1);
      expect(await accounts().count()).toBe(12);
    });

    it("lets a call write with writes: 'allow' where the cluster refuses, and the other way round", async () => {
      expect((await accounts({ writes: 'allow' }).update({ name: 'nobody' }, { name: 'x' })).affected).toBe(0);
      await expect(accounts({ writes: 'allow' }).withScatter({ writes: 'refuse' }).delete({ level: 9 })).rejects.toMatchObject({
        code: 'ERR_SCATTER_REFUSED',
        refusedBy: 'writes',
      });
    });

    it('is refused where it cannot be', () => {
      expect(() => accounts({ maxRows: 0, timeoutMs: -1 })).toThrow(
        expect.objectContaining({
          code: 'ERR_CONFIGURATION',
          faults: ['withScatter(): maxRows must not be less than 1.', 'withScatter(): timeoutMs must not be less than 1.'],
        }),
      );
      expect(() => accounts({ signal: 'now' as unknown as AbortSignal })).toThrow('signal');
      expect(() => test.cluster.manager.withScatter('all' as ScatterCallOptions)).toThrow('withScatter() must be an object.');
    });

    it('is explained, with what it would refuse, and without sending anything', async () => {
      const sent = await test.log.during(async () => {
        const all = await accounts({ timeoutMs: 500 }).explain();
        expect(all.budget).toEqual({ mode: 'allow', writes: 'refuse', maxShards: 3, timeoutMs: 500, concurrency: 16 });
        expect(all.refusal).toBeUndefined();
        expect((await guarded().explain()).refusal).toContain("scatter: { mode: 'allow' }");
        expect((await guarded({ maxShards: 2 }).acrossShards().explain()).refusal).toContain('the 2 shard(s)');
        expect(await guarded().explain({ where: { key: 'a' } })).not.toHaveProperty('budget');
      });

      expect(sent).toEqual([]);
    });
  });

  it('lets a call ask no more shards at once than its concurrency', async () => {
    let running = 0;
    let most = 0;
    const shards = test.cluster.shards.map(({ dataSource }) => dataSource);
    const spies = shards.map((source) => {
      const { createQueryRunner } = source;
      return jest.spyOn(source, 'createQueryRunner').mockImplementation((mode) => {
        const runner = createQueryRunner.call(source, mode);
        const { query } = runner;
        runner.query = async (...args: Parameters<typeof query>) => {
          running += 1;
          most = Math.max(most, running);
          // Gives the others the time to begin, if they may.
          await new Promise(setImmediate);
          return query.apply(runner, args).finally(() => (running -= 1));
        };
        return runner;
      });
    });
    await accounts({ concurrency: 1 }).find();
    const one = most;
    most = 0;
    await accounts({ concurrency: 2, timeoutMs: 60_000 }).find();
    for (const spy of spies) spy.mockRestore();

    expect([one, most]).toEqual([1, 2]);
  });
});
