import { QueryFailedError } from 'typeorm';
import type { TestCluster } from '../../src/testing';
import { recordStatements } from '../../src/testing';
import { Customer } from './fixtures/shop';
import { customerOn, shopCluster } from './fixtures/shop-cluster';

describe('The faults of a test cluster', () => {
  let cluster: TestCluster;
  let first: string;
  let second: string;
  const customers = () => cluster.getRepository(Customer);
  const names = () => customers().find({ order: { name: 'ASC' } });

  beforeAll(async () => {
    cluster = await shopCluster({ shards: 2 });
    [first, second] = [customerOn(cluster, 'shard-1'), customerOn(cluster, 'shard-2')];
  });

  beforeEach(async () => {
    await cluster.clear();
    await customers().insert([
      { id: first, name: 'Ada' },
      { id: second, name: 'Bob' },
    ]);
  });

  afterAll(() => cluster.destroy());

  it('refuse the name of a shard that there is not', () => {
    expect(() => cluster.faults.down('shard-9')).toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_SHARD' }));
    expect(() => cluster.faults.slow('shard-1', -1)).toThrow('delay in milliseconds');
    expect(() => cluster.faults.failNext('shard-1', { times: 0 })).toThrow('times must be an integer from 1');
  });

  describe('down', () => {
    it('refuses what goes to the shard as a server that does not listen, and nothing else', async () => {
      cluster.faults.down('shard-1');

      const refused = { code: 'ERR_SHARD_FAILED', shard: 'shard-1', driverCode: 'ECONNREFUSED', retryable: true };
      await expect(customers().findOneBy({ id: first })).rejects.toMatchObject(refused);
      await expect(customers().save({ id: first, name: 'Grace' })).rejects.toMatchObject(refused);
      await expect(customers().count()).rejects.toMatchObject({ code: 'ERR_SHARDS_FAILED', succeeded: ['shard-2'], retryable: true });
      expect(await customers().findOneBy({ id: second })).toMatchObject({ name: 'Bob' });
      expect((await cluster.health()).map(({ status }) => status)).toEqual(['down', 'up']);

      cluster.faults.up('shard-1');
      expect((await names()).map(({ name }) => name)).toEqual(['Ada', 'Bob']);
    });

    it('throws the error that the test gives, or the driver code', async () => {
      const error = Object.assign(new Error('too many connections'), { code: '53300' });
      cluster.faults.down('shard-1', { error });
      await expect(customers().findOneBy({ id: first })).rejects.toMatchObject({ driverCode: '53300', retryable: true, cause: error });
      cluster.faults.down('shard-1', { error: 'ER_ACCESS_DENIED_ERROR' });
      await expect(customers().findOneBy({ id: first })).rejects.toMatchObject({ driverCode: 'ER_ACCESS_DENIED_ERROR', retryable: false });
    });

    it('breaks an open transaction, which the database rolls back', async () => {
      const work = cluster.transaction(async (manager) => {
        await manager.update(Customer, { id: first }, { name: 'Grace' });
        cluster.faults.down('shard-1');
        await manager.update(Customer, { id: first }, { name: 'Heidi' });
      });
      await expect(work).rejects.toMatchObject({ code: 'ERR_SHARD_FAILED', driverCode: 'PROTOCOL_CONNECTION_LOST', retryable: true });
      await expect(work).rejects.toMatchObject({ cause: expect.any(QueryFailedError) });

      cluster.faults.up('shard-1');
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Ada' });
    });

    it('leaves a broken transaction broken when the shard is up again', async () => {
      const work = cluster.transaction(async (manager) => {
        await manager.update(Customer, { id: first }, { name: 'Grace' });
        cluster.faults.down('shard-1');
        await manager.find(Customer, { where: { id: first } }).catch(() => undefined);
        cluster.faults.up('shard-1');
        await manager.update(Customer, { id: first }, { name: 'Heidi' });
      });
      await expect(work).rejects.toMatchObject({ driverCode: 'PROTOCOL_CONNECTION_LOST' });
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Ada' });
    });

    it('frees what a broken transaction has locked before it is released', async () => {
      const runner = cluster.shard('shard-1').dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.manager.update(Customer, { id: first }, { name: 'Grace' });
      cluster.faults.down('shard-1');
      await expect(runner.query('SELECT 1')).rejects.toThrow('Connection lost');
      cluster.faults.up('shard-1');
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Ada' });
      await expect(runner.rollbackTransaction()).rejects.toThrow('Connection lost');
      await runner.release();
    });

    it('rolls back what is open when the work throws meanwhile', async () => {
      const work = cluster.transaction(async (manager) => {
        await manager.update(Customer, { id: first }, { name: 'Grace' });
        cluster.faults.down('shard-1');
        throw new RangeError('of the application');
      });
      await expect(work).rejects.toThrow(RangeError);
      cluster.faults.up('shard-1');
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Ada' });
    });

    it('keeps a shard from being opened', async () => {
      const lazy = await shopCluster({ lazy: true });
      lazy.faults.down('shard-1');
      await expect(lazy.open('shard-1')).rejects.toMatchObject({ code: 'ERR_SHARD_FAILED', driverCode: 'ECONNREFUSED', retryable: true });
      lazy.faults.up('shard-1');
      expect((await lazy.open('shard-1')).isOpen).toBe(true);
      await lazy.destroy();
    });

    it('respects the budget of a scatter', async () => {
      cluster.faults.down('shard-1');
      const timed = customers().withScatter({ timeoutMs: 5_000 }).count();
      await expect(timed).rejects.toMatchObject({ code: 'ERR_SHARDS_FAILED', succeeded: ['shard-2'] });
    });
  });

  describe('slow', () => {
    it('delays each statement of the shard', async () => {
      cluster.faults.slow('shard-1', 40);
      const begun = performance.now();
      await customers().findOneBy({ id: second });
      const fast = performance.now() - begun;
      await customers().findOneBy({ id: first });
      expect(performance.now() - begun - fast).toBeGreaterThan(38);
    });

    it('lets a scatter end at its timeout, which names the shard', async () => {
      cluster.faults.slow('shard-1', 60_000);
      const begun = performance.now();
      const late = { code: 'ERR_SCATTER_BUDGET', budget: 'timeoutMs', unanswered: ['shard-1'], retryable: true };
      await expect(customers().withScatter({ timeoutMs: 50 }).find()).rejects.toMatchObject(late);
      expect(performance.now() - begun).toBeLessThan(10_000);
    });

    it('never gives the database what was cancelled', async () => {
      cluster.faults.slow('shard-1', 60_000);
      const stop = new AbortController();
      const scatter = customers().withScatter({ signal: stop.signal, writes: 'allow' });
      setTimeout(() => stop.abort(new RangeError('stopped')), 20);
      await expect(scatter.update({ name: 'Ada' }, { name: 'Eve' })).rejects.toThrow('stopped');

      await new Promise(setImmediate);
      cluster.faults.up('shard-1');
      expect((await names()).map(({ name }) => name)).toEqual(['Ada', 'Bob']);
    });

    it('lets the cluster close at once', async () => {
      const other = await shopCluster({ shards: 2 });
      other.faults.slow('shard-1', 60_000);
      const call = other.getRepository(Customer).withScatter({ timeoutMs: 20 }).find();
      await expect(call).rejects.toMatchObject({ code: 'ERR_SCATTER_BUDGET' });
      const waiting = other.getRepository(Customer).find();
      await other.destroy();
      await waiting.catch(() => undefined);
    });

    it('ends by up, whereupon what waits goes on', async () => {
      cluster.faults.slow('shard-1', 60_000);
      const found = customers().findOneBy({ id: first });
      await new Promise(setImmediate);
      cluster.faults.up('shard-1');
      expect(await found).toMatchObject({ name: 'Ada' });
    });

    it('shows as down in a health check that does not wait as long', async () => {
      cluster.faults.slow('shard-2', 60_000);
      const health = await cluster.health({ timeoutMs: 30 });
      expect(health.map(({ status }) => status)).toEqual(['up', 'down']);
      expect(health[1]?.error).toMatchObject({ driverCode: 'ETIMEDOUT' });
    });
  });

  describe('loseCommit', () => {
    const lost = { code: 'ERR_SHARD_FAILED', shard: 'shard-1', driverCode: 'PROTOCOL_CONNECTION_LOST', retryable: true };

    it.each([
      [true, 'Grace'],
      [false, 'Ada'],
    ])('with applied: %s loses the answer of a commit after which the row says %s', async (applied, name) => {
      cluster.faults.loseCommit('shard-1', { applied });

      const work = cluster.transaction((manager) => manager.update(Customer, { id: first }, { name: 'Grace' }));
      await expect(work).rejects.toMatchObject(lost);
      await expect(work).rejects.toMatchObject({ cause: { query: 'COMMIT' } });
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name });

      await cluster.transaction((manager) => manager.update(Customer, { id: first }, { name: 'Heidi' }));
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Heidi' });
    });

    it('strikes the transaction of a save too, as often as asked', async () => {
      cluster.faults.loseCommit('shard-1', { applied: false, times: 2 });
      await expect(customers().save({ id: first, name: 'Grace' })).rejects.toMatchObject(lost);
      await expect(customers().save({ id: first, name: 'Grace' })).rejects.toMatchObject(lost);
      await customers().save({ id: first, name: 'Grace' });
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Grace' });
    });

    it('lets savepoints be', async () => {
      cluster.faults.loseCommit('shard-1', { applied: true });
      let isNestedDone = false;
      const work = cluster.transaction(async (manager) => {
        await manager.update(Customer, { id: first }, { name: 'Grace' });
        await manager.transaction((nested) => nested.update(Customer, { id: first }, { name: 'Heidi' }));
        isNestedDone = true;
      });
      await expect(work).rejects.toMatchObject(lost);
      expect(isNestedDone).toBe(true);
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Heidi' });
    });
  });

  describe('failNext', () => {
    it('lets the next matching statement fail, once, and its transaction be rolled back', async () => {
      cluster.faults.failNext('shard-1', { matching: /^update/i, error: 'ER_LOCK_WAIT_TIMEOUT' });
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Ada' });

      const failed = { code: 'ERR_SHARD_FAILED', driverCode: 'ER_LOCK_WAIT_TIMEOUT', retryable: true };
      await expect(customers().save({ id: first, name: 'Grace' })).rejects.toMatchObject(failed);
      await customers().save({ id: first, name: 'Heidi' });
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Heidi' });
    });

    it('is a deadlock of any statement unless the test says otherwise', async () => {
      cluster.faults.failNext('shard-1');
      await expect(customers().findOneBy({ id: first })).rejects.toMatchObject({ driverCode: 'ER_LOCK_DEADLOCK', retryable: true });
    });

    it.each(['BEGIN', 'COMMIT'])('can strike %s, after which the shard goes on', async (sql) => {
      cluster.faults.failNext('shard-1', { matching: new RegExp(`^${sql}`), error: 'ECONNRESET' });
      const work = cluster.transaction((manager) => manager.update(Customer, { id: first }, { name: 'Grace' }));
      await expect(work).rejects.toMatchObject({ code: 'ERR_SHARD_FAILED', driverCode: 'ECONNRESET', retryable: true });
      expect(await customers().findOneBy({ id: first })).toMatchObject({ name: 'Ada' });
      const statements = await recordStatements(cluster, () => customers().save({ id: first, name: 'Heidi' }));
      expect(statements.map((each) => each.sql.split(' ')[0])).toEqual(['SELECT', 'BEGIN', 'UPDATE', 'COMMIT']);
    });
  });
});
