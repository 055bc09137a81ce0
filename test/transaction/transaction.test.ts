import type { EntityManager, Repository } from 'typeorm';
import { type ShardedEntityManager, ShardRequiredError, TransactionShardError } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note } from '../repository/fixtures/account';
import { keyPair, keysOn } from '../repository/fixtures/keys-on';
import { openTestCluster, type TestCluster } from '../repository/fixtures/test-cluster';
import { Country } from './fixtures/country';

const row = (key: string, score = 1) => ({ key, name: 'n', score, level: 1 });

describe.each(sampledKinds)('A transaction (%s)', (kind) => {
  let test: TestCluster;
  let here: string;
  let there: string;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note, Country] });
    [here, there] = keyPair(test.cluster, Account);
  });
  afterAll(() => test?.stop());
  beforeEach(async () => {
    await test.cluster.manager.deleteAll(Account);
    await test.cluster.manager.deleteAll(Country);
  });

  const storedOn = (shard: string, key: string) => test.cluster.shard(shard).dataSource.manager.findOneBy(Account, { key });

  it('runs on the shard of its first proved statement, and commits there', async () => {
    const sent = await test.log.shardsDuring(async () => {
      const answer = await test.cluster.transaction(async (manager) => {
        await manager.insert(Account, row(here));
        await manager.update(Account, { key: here }, { name: 'inside' });
        return (await manager.getRepository(Account).findOneByOrFail({ key: here })).name;
      });
      expect(answer).toBe('inside');
    });

    expect(sent).toEqual(['s1']);
    expect(await storedOn('s1', here)).toMatchObject({ name: 'inside' });
  });

  it('rolls everything back in the database and throws the error of its work unchanged', async () => {
    const failure = new Error('the work’s own');
    const work = test.cluster.transaction(async (manager) => {
      await manager.save(Account, { ...row(here), notes: [{ id: 'n', text: 't' }] });
      throw failure;
    });

    await expect(work).rejects.toBe(failure);
    expect(await storedOn('s1', here)).toBeNull();
    expect(await test.cluster.getRepository(Note).count()).toBe(0);
  });

  it('refuses what proves another shard, or several, before it is sent', async () => {
    await test.cluster.transaction(async (manager) => {
      await manager.insert(Account, row(here));
      const calls: readonly (() => Promise<unknown>)[] = [
        () => manager.insert(Account, row(there)),
        () => manager.save(Account, [row(here), row(there)]),
        () => manager.findOneBy(Account, { key: there }),
        () => manager.delete(Account, there),
        () => manager.count(Account),
        () => manager.updateAll(Account, { name: 'x' }),
        () => manager.insert(Country, { code: 'x', name: 'x' }),
        () => manager.save(Country, { code: 'x', name: 'x' }),
        () => manager.upsert(Country, { code: 'x', name: 'x' }, ['code']),
        () => (manager as ShardedEntityManager).onShard('s2').count(Account),
        () => (manager as ShardedEntityManager).forKey(Account, there).transaction(async (inner) => inner.count(Account)),
      ];
      const sent = await test.log.during(async () => {
        for (const call of calls) {
          await expect(call()).rejects.toMatchObject({ code: 'ERR_TRANSACTION_SHARD', pinned: 's1' });
        }
      });
      expect(sent).toEqual([]);
    });

    expect(await test.cluster.getRepository(Account).find()).toMatchObject([{ key: here }]);
    expect(await test.cluster.getRepository(Country).count()).toBe(0);
  });

  it('refuses what proves no shard while it has none, but not what proves nothing to do', async () => {
    const sent = await test.log.during(() =>
      test.cluster.transaction(async (manager) => {
        await expect(manager.count(Account)).rejects.toThrow(TransactionShardError);
        await expect(manager.insert(Country, { code: 'x', name: 'x' })).rejects.toMatchObject({ pinned: undefined, needed: ['s1', 's2'] });
        await expect(manager.save(Country, [{ code: 'x', name: 'x' }])).rejects.toThrow(TransactionShardError);
        await expect(manager.query('SELECT 1')).rejects.toThrow(ShardRequiredError);
        await expect(manager.createQueryBuilder(Account, 'a').getCount()).rejects.toThrow(TransactionShardError);
        expect(await manager.save([])).toEqual([]);
      }),
    );

    expect(sent).toEqual([]);
  });

  it('goes on after a refused statement, and can take its shard from a later one', async () => {
    await test.cluster.transaction(async (manager) => {
      await expect(manager.count(Account)).rejects.toThrow(TransactionShardError);
      await manager.insert(Account, row(there));
      await expect(manager.createQueryBuilder(Account, 'a').getCount()).rejects.toThrow(TransactionShardError);
      expect(await manager.createQueryBuilder(Account, 'a').where('a.key = :key', { key: there }).getCount()).toBe(1);
      expect(await manager.query('SELECT 1 AS one')).toHaveLength(1);
    });

    expect(await storedOn('s2', there)).not.toBeNull();
  });

  it('reads reference tables before it has a shard, and on its shard afterwards', async () => {
    await test.cluster.getRepository(Country).insert({ code: 'nl', name: 'Netherlands' });

    await test.cluster.transaction(async (manager) => {
      expect(await manager.findOneBy(Country, { code: 'nl' })).toMatchObject({ name: 'Netherlands' });
      await manager.insert(Account, row(there));
      expect(await test.log.shardsDuring(() => manager.find(Country))).toEqual(['s2']);
    });
    expect(await storedOn('s2', there)).not.toBeNull();
  });

  it('passes the isolation level to the database', async () => {
    const sent = await test.log.during(() => test.cluster.transaction('SERIALIZABLE', (manager) => manager.insert(Account, row(here))));
    const sql = sent.map((statement) => statement.sql.toUpperCase()).join('\n');

    expect(sql).toMatch(kind === 'mariadb' || kind === 'postgres' ? /ISOLATION LEVEL SERIALIZABLE/ : /READ_UNCOMMITTED = FALSE/);
    await expect(test.cluster.transaction('SERIALIZABLE', undefined as never)).rejects.toThrow(/callback/);
  });

  it('nests savepoints, also begun before it has its shard', async () => {
    const [outer, inner, lost] = keysOn(test.cluster, Account, 's1', { count: 3, prefix: 'nested' }) as [string, string, string];
    const failure = new Error('inner');
    await test.cluster.transaction(async (manager) => {
      await manager.transaction(async () => undefined);
      await expect(
        manager.transaction(async (nested) => {
          await nested.insert(Account, row(lost));
          throw failure;
        }),
      ).rejects.toBe(failure);
      await manager.insert(Account, row(outer));
      await manager.transaction((nested) => nested.transaction((third) => third.insert(Account, row(inner))));
      await expect(
        manager.transaction(async (nested) => {
          await nested.delete(Account, [outer, inner]);
          throw failure;
        }),
      ).rejects.toBe(failure);
      expect(await manager.countBy(Account, { key: outer })).toBe(1);
    });

    expect((await test.cluster.getRepository(Account).find()).map(({ key }) => key).sort()).toEqual([inner, outer].sort());
  });

  it('is pinned by forKey() from the start', async () => {
    await test.cluster.forKey(Account, there).transaction(async (manager) => {
      expect(await manager.count(Account).catch((error: unknown) => error)).toBeInstanceOf(TransactionShardError);
      await expect(manager.insert(Account, row(here))).rejects.toThrow(TransactionShardError);
      await manager.insert(Account, row(there));
    });

    expect(await storedOn('s2', there)).not.toBeNull();
  });

  it('takes custom repositories into it', async () => {
    const custom = test.cluster.getRepository(Account).extend({
      open(this: Repository<Account>, key: string) {
        return this.insert(row(key));
      },
    });
    const rolledBack = test.cluster.transaction(async (manager) => {
      await manager.withRepository(custom).open(here);
      throw new Error(`inside: ${await manager.existsBy(Account, { key: here })}`);
    });

    await expect(rolledBack).rejects.toThrow('inside: true');
    expect(await storedOn('s1', here)).toBeNull();
  });

  it('refuses calls after its end', async () => {
    let kept: EntityManager | undefined;
    await test.cluster.transaction(async (manager) => {
      kept = manager;
      await manager.insert(Account, row(here));
    });

    expect(await test.log.during(() => expect(kept!.findOneBy(Account, { key: here })).rejects.toThrow(TransactionShardError))).toEqual([]);
  });

  it('sends nothing when its work proves nothing', async () => {
    expect(await test.log.during(() => test.cluster.transaction(async () => 'answer'))).toEqual([]);
    expect(await test.cluster.transaction(async () => 'answer')).toBe('answer');
  });
});
