import { DataSource, EventSubscriber, PessimisticLockTransactionRequiredError } from 'typeorm';
import { BaseLayout, ConfigurationError, ranges, ShardedDataSource } from '../../src';
import { createTestCluster, TestCluster } from '../../src/testing';
import { Country, Customer, Purchase, Setting } from './fixtures/shop';
import { customerOn, shopCluster } from './fixtures/shop-cluster';

describe('A test cluster', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await shopCluster();
  });

  afterEach(() => cluster.clear());
  afterAll(() => cluster.destroy());

  it('is a ShardedDataSource and a DataSource with three shards, ready for use', async () => {
    expect(cluster).toBeInstanceOf(ShardedDataSource);
    expect(cluster).toBeInstanceOf(DataSource);
    expect(cluster.isInitialized).toBe(true);
    expect(cluster.shards.map(({ name, isOpen }) => [name, isOpen])).toEqual([
      ['shard-1', true],
      ['shard-2', true],
      ['shard-3', true],
    ]);
  });

  it('keeps each row on the shard of its key, and finds it', async () => {
    const ids = ['shard-1', 'shard-2', 'shard-3'].map((shard) => customerOn(cluster, shard));
    await cluster.getRepository(Customer).save(ids.map((id) => ({ id, name: id, purchases: [{ cents: 5 }] })));

    const found = await cluster.getRepository(Customer).find({ relations: { purchases: true }, order: { id: 'ASC' } });
    expect(found.map(({ id, purchases }) => [id, purchases[0]?.cents])).toEqual([...ids].sort().map((id) => [id, 5]));
    for (const shard of cluster.shards) expect(await shard.dataSource.getRepository(Customer).count()).toBe(1);
  });

  it('takes names of shards, a placement, a name and subscribers', async () => {
    const heard: string[] = [];
    @EventSubscriber()
    class Listener {
      afterInsert(event: { readonly metadata: { readonly name: string } }) {
        heard.push(event.metadata.name);
      }
    }
    const other = await shopCluster({
      entities: [Customer, Purchase],
      name: 'orders',
      shards: ['old', { name: 'new', weight: 2 }],
      subscribers: [Listener],
      scatter: { mode: 'forbid' },
    });
    await other.getRepository(Customer).save({ id: 'a', name: 'Ada' });
    expect(other.shards.map(({ name, weight }) => [name, weight])).toEqual([
      ['old', 1],
      ['new', 2],
    ]);
    expect(heard).toEqual(['Customer']);
    await expect(other.getRepository(Customer).find()).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });
    await other.destroy();
  });

  it('opens shards on request with lazy', async () => {
    const lazy = await shopCluster({ lazy: true });
    expect(lazy.shards.filter(({ isOpen }) => isOpen)).toEqual([]);
    await lazy.getRepository(Customer).save({ id: 'a', name: 'Ada' });
    expect(lazy.shards.filter(({ isOpen }) => isOpen).map(({ name }) => name)).toEqual([lazy.shardFor(Customer, 'a').name]);
    await lazy.destroy();
  });

  it('takes partitions, which have faults of their own', async () => {
    const other = await shopCluster({ entities: [Customer, Purchase], shards: [{ name: 'db', partitions: [1, 2] }] });
    await other.getRepository(Customer).save({ id: customerOn(other, 'db:2'), name: 'Ada' });
    other.faults.down('db:1');
    expect(await other.getRepository(Customer).findOneBy({ id: customerOn(other, 'db:2') })).toMatchObject({ name: 'Ada' });
    await expect(other.getRepository(Customer).count()).rejects.toMatchObject({ succeeded: ['db:2'] });
    await other.clear();
    expect(await other.getRepository(Customer).count()).toBe(0);
    await other.destroy();
  });

  it('takes pessimistic locks in transactions, and refuses them elsewhere as other databases do', async () => {
    const id = customerOn(cluster, 'shard-1');
    const purchases = [{ cents: 5 }];
    await cluster.getRepository(Customer).save({ id, name: 'Ada', purchases });
    await cluster.transaction(async (manager) => {
      const lock = { mode: 'pessimistic_write' } as const;
      expect(await manager.findOne(Customer, { where: { id }, lock })).toMatchObject({ name: 'Ada' });
      const builder = manager.createQueryBuilder(Customer, 'c').leftJoinAndSelect('c.purchases', 'p').where('c.id = :id', { id });
      expect(await builder.setLock('pessimistic_read').take(1).getMany()).toMatchObject([{ name: 'Ada', purchases }]);
    });
    const alone = cluster.getRepository(Customer).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
    await expect(alone).rejects.toThrow(PessimisticLockTransactionRequiredError);
    const scattered = cluster.getRepository(Customer).find({ lock: { mode: 'pessimistic_write' } });
    await expect(scattered).rejects.toMatchObject({ code: 'ERR_SCATTER_UNSUPPORTED' });
  });

  it('takes layouts', async () => {
    class Home extends BaseLayout<number[]> {
      static override TABLE_NAME = 'home';
    }
    const other = await createTestCluster({ entities: [Home] });
    BaseLayout.use(other);
    await new Home('ada', [1, 2]).set();
    expect(await Home.get('ada')).toEqual([1, 2]);
    await other.destroy();
  });

  it('can be destroyed, which forgets all rows, and initialized again', async () => {
    const other = await shopCluster();
    await other.getRepository(Customer).save({ id: 'a', name: 'Ada' });
    await other.destroy();
    await other.initialize();
    expect(await other.getRepository(Customer).count()).toBe(0);
    await other.synchronize(true);
    await other.getRepository(Customer).save({ id: 'a', name: 'Ada' });
    expect(await other.getRepository(Customer).count()).toBe(1);
    await other.destroy();
  });

  it('reports all faults of its options at once', async () => {
    const wrong = createTestCluster({ entities: [Customer], shards: ['a', 'a'], placement: 5 as never });
    await expect(wrong).rejects.toThrow(ConfigurationError);
    await expect(wrong).rejects.toMatchObject({ faults: [expect.stringContaining('placement'), expect.stringContaining('"a"')] });
    expect(() => new TestCluster({ entities: [Customer], shards: 0 })).toThrow('names no shard');
    await expect(createTestCluster({ entities: [Customer, Purchase], placement: ranges([{ from: 0, shard: 'shard-1' }]) })).rejects.toThrow(
      'integer or date',
    );
  });

  describe('clear()', () => {
    it('empties all tables of all shards, keeps the schema and starts generated ids anew', async () => {
      await cluster.getRepository(Customer).save(['a', 'b', 'c', 'd'].map((id) => ({ id, name: id, purchases: [{ cents: 1 }] })));
      await cluster.getRepository(Country).save({ code: 'SE' });
      await cluster.getRepository(Setting).save({ value: 'x' });

      await cluster.clear();

      const counts = [Customer, Purchase, Country, Setting].map((entity) => cluster.getRepository<object>(entity).count());
      expect(await Promise.all(counts)).toEqual([0, 0, 0, 0]);
      expect(await cluster.getRepository(Setting).save({ value: 'y' })).toMatchObject({ id: 1 });
      await expect(
        cluster
          .shard('shard-1')
          .dataSource.getRepository(Purchase)
          .insert({ id: 'p', customerId: customerOn(cluster, 'shard-1') }),
      ).rejects.toThrow('FOREIGN KEY');
    });

    it('ends all faults', async () => {
      cluster.faults.down('shard-1');
      cluster.faults.failNext('shard-2');
      await cluster.clear();
      expect(await cluster.getRepository(Customer).count()).toBe(0);
    });

    it('waits for a transaction that is open', async () => {
      const id = customerOn(cluster, 'shard-1');
      let cleared: Promise<void> | undefined;
      await cluster.forKey(Customer, id).transaction(async (manager) => {
        await manager.save(Customer, { id, name: 'Ada' });
        cleared = cluster.clear();
        await manager.save(Customer, { id, name: 'Grace' });
      });
      await cleared;
      expect(await cluster.getRepository(Customer).count()).toBe(0);
    });
  });
});
