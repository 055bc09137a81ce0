import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DatabaseBusyError, ShardError, ShardKey } from '../../src';
import { startCluster } from '../cluster/fixtures/clusters';
import { describeOn } from '../cluster/fixtures/describe-on';
import { createDatabases, databaseKinds, sampledKinds, serverKinds } from '../database';
import { Account, Note } from '../repository/fixtures/account';
import { keyPair, keysOn } from '../repository/fixtures/keys-on';
import { openTestCluster, type TestCluster } from '../repository/fixtures/test-cluster';

const row = (key: string, score = 1) => ({ key, name: 'n', score, level: 1 });
const isEmbedded = (kind: string) => kind === 'sqljs' || kind === 'better-sqlite3';

describe.each(sampledKinds)('Transactions at the same time (%s)', (kind) => {
  let test: TestCluster;

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], options: isEmbedded(kind) ? {} : { poolSize: 2 } });
  });
  afterEach(() => test?.stop());

  it('commit or roll back each for itself, beside statements outside of them', async () => {
    const accounts = test.cluster.getRepository(Account);
    const keys = Array.from({ length: 20 }, (_, number) => `c${number}`);
    const work = keys.map((key, number) =>
      test.cluster.transaction(async (manager) => {
        await manager.insert(Account, row(key));
        await manager.increment(Account, { key }, 'score', number);
        if (number % 3 === 0) throw new Error('roll back');
        await manager.save(Account, { key, name: 'committed' });
      }),
    );
    const beside = keys.map((key) => accounts.insert(row(`beside ${key}`)));
    const outcomes = await Promise.allSettled(work);
    await Promise.all(beside);

    expect(outcomes.map(({ status }) => status)).toEqual(keys.map((_, number) => (number % 3 === 0 ? 'rejected' : 'fulfilled')));
    const committed = await accounts.findBy({ name: 'committed' });
    expect(new Map(committed.map(({ key, score }) => [key, score]))).toEqual(
      new Map(keys.flatMap((key, number) => (number % 3 === 0 ? [] : [[key, 1 + number]]))),
    );
    expect(await accounts.count()).toBe(13 + 20);
  });

  it('give their connections back clean, however often they fail', async () => {
    const [key] = keysOn(test.cluster, Account, 's1');
    await test.cluster.manager.insert(Account, row(key!));
    for (let round = 0; round < 15; round += 1) {
      const failing = test.cluster.transaction(async (manager) => {
        await manager.update(Account, { key: key! }, { name: 'lost' });
        await manager.insert(Account, row(key!));
      });
      await expect(failing).rejects.toBeInstanceOf(ShardError);
      await test.cluster
        .transaction(async (manager) => manager.transaction(async () => Promise.reject(new Error('x'))))
        .catch(() => undefined);
    }
    const sound = Array.from({ length: 6 }, () =>
      test.cluster.transaction((manager) => manager.increment(Account, { key: key! }, 'score', 1)),
    );
    await Promise.all(sound);

    expect(await test.cluster.getRepository(Account).findOneBy({ key: key! })).toMatchObject({ name: 'n', score: 7 });
  });
});

describe.each(databaseKinds.filter(isEmbedded))('The outer repository inside a transaction (%s)', (kind) => {
  let test: TestCluster;
  let here: string;
  let there: string;

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note] });
    [here, there] = keyPair(test.cluster, Account);
  });
  afterEach(() => test?.stop());

  it('can read', async () => {
    const accounts = test.cluster.getRepository(Account);
    await test.cluster.transaction(async (manager) => {
      await manager.insert(Account, row(here));
      expect(await accounts.countBy({ key: here })).toBe(1);
      expect(await accounts.findBy({ key: here })).toHaveLength(1);
    });
  });

  it('is refused writes on the same database instead of waiting for itself', async () => {
    const accounts = test.cluster.getRepository(Account);
    const [second] = keysOn(test.cluster, Account, 's1', { count: 1, prefix: 'second' });
    await test.cluster.transaction(async (manager) => {
      await manager.insert(Account, row(here));
      for (const call of [
        () => accounts.insert(row(second!)),
        () => accounts.save(row(second!)),
        () => accounts.update({ key: here }, { name: 'x' }),
        () => test.cluster.transaction((inner) => inner.insert(Account, row(second!))),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'ERR_DATABASE_BUSY', retryable: true });
      }
      await accounts.insert(row(there));
      await test.cluster.transaction((inner) => inner.update(Account, { key: there }, { name: 'inner' }));
    });

    expect((await accounts.find()).map(({ key }) => key).sort()).toEqual([here, there].sort());
    expect(new DatabaseBusyError(0).message).toContain('Inside a transaction use the manager');
  });

  it('waits when it is used by others', async () => {
    const accounts = test.cluster.getRepository(Account);
    let outside: Promise<unknown> | undefined;
    const [second] = keysOn(test.cluster, Account, 's1', { count: 1, prefix: 'second' });
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const waiting = begun.then(() => {
      outside = accounts.insert(row(second!));
    });
    await test.cluster
      .transaction(async (manager) => {
        await manager.insert(Account, row(here));
        begin();
        await waiting;
        expect(await manager.count(Account, { where: { key: second! } })).toBe(0);
        throw new Error('roll back');
      })
      .catch((error: Error) => expect(error.message).toBe('roll back'));
    await outside;

    expect((await accounts.find()).map(({ key }) => key)).toEqual([second]);
  });
});

@Entity()
class Counter {
  @ShardKey()
  @PrimaryColumn('int')
  id!: number;

  @Column('int')
  value!: number;
}

describeOn(
  serverKinds.filter((kind) => kind === 'mariadb'),
  'A transaction that the database ended to end a deadlock',
  (kind) => {
    it('sends nothing more, so that nothing that was sent at once is committed by itself', async () => {
      const databases = await createDatabases(kind, 1);
      const cluster = await startCluster(databases, { entities: [Counter], synchronize: true });
      const { dataSource } = cluster.shards[0] as (typeof cluster.shards)[0];
      const runner = dataSource.createQueryRunner();
      try {
        await dataSource.getRepository(Counter).insert([1, 2, 3].map((id) => ({ id, value: 0 })));
        await runner.startTransaction();
        await runner.manager.update(Counter, 1, { value: 2 });
        const writes = await Promise.allSettled([
          // What the server says of a deadlock; it has ended the transaction then.
          runner.query("BEGIN NOT ATOMIC ROLLBACK; SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END"),
          runner.manager.update(Counter, 2, { value: 2 }),
          runner.manager.update(Counter, 3, { value: 2 }),
        ]);
        expect(writes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
        await expect(runner.commitTransaction()).rejects.toMatchObject({ errno: 1213 });
        await runner.rollbackTransaction();
        const values = await dataSource.getRepository(Counter).find({ order: { id: 'ASC' } });
        expect(values.map(({ value }) => value)).toEqual([0, 0, 0]);
        // The connection is as good as before.
        await runner.manager.update(Counter, 2, { value: 5 });
        expect((await dataSource.getRepository(Counter).findOneByOrFail({ id: 2 })).value).toBe(5);
      } finally {
        await runner.release();
        await cluster.destroy();
        await databases.stop();
      }
    });
  },
);
