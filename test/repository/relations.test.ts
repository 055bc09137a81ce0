import { databaseKinds } from '../database';
import { Customer, Line, Order, Role } from './fixtures/shop';
import { expectedPosition, storedJunctionRows, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const KEYS = Array.from({ length: 12 }, (_, number) => `customer ${number}`);
const places = [
  ['shards', {}],
  ['partitions', { partitions: [1, 2] }],
] as const;

describe.each(databaseKinds.flatMap((kind) => places.map(([name, perShard]) => [kind, name, perShard] as const)))(
  'Relations (%s) over %s',
  (kind, _name, perShard) => {
    let test: TestCluster;

    beforeAll(async () => {
      test = await openTestCluster(kind, { entities: [Customer, Order, Line, Role], perShard });
      const roles = await test.cluster.getRepository(Role).save([
        { id: 'a', name: 'admin' },
        { id: 'b', name: 'buyer' },
      ]);
      await test.cluster.getRepository(Customer).save(KEYS.map((key) => customer(key, roles)));
    });
    afterAll(() => test?.stop());

    function customer(key: string, roles: Role[]): Customer {
      const lines = ['1', '2'].map((number) => ({ id: `${key} line ${number}` }) as Line);
      const order = Object.assign(new Order(), { id: `${key} order`, lines });
      return Object.assign(new Customer(), { key, name: 'n', roles, orders: Promise.resolve([order]) });
    }

    it('stand beside their root, with the position of its key', async () => {
      for (const [entity, count] of [
        [Customer, 12],
        [Order, 12],
        [Line, 24],
      ] as const) {
        const rows = await storedRows(test.cluster, entity);
        expect(rows).toHaveLength(count);
        for (const { shard, row } of rows) {
          const key = String(row.customerKey ?? row.key);
          expect(shard).toBe(test.cluster.shardFor(Customer, key).name);
          expect(String(row._shard_position)).toBe(expectedPosition(key));
        }
        expect(new Set(rows.map(({ shard }) => shard)).size).toBe(test.cluster.shards.length);
      }
    });

    it('through a joining table carry the position of the key in it', async () => {
      const rows = await storedJunctionRows(test.cluster);

      expect(rows).toHaveLength(24);
      for (const { shard, row } of rows) {
        expect(shard).toBe(test.cluster.shardFor(Customer, String(row.customerKey)).name);
        expect(String(row._shard_position)).toBe(expectedPosition(String(row.customerKey)));
      }
    });

    it('are joined in finds of one shard and of all', async () => {
      const customers = test.cluster.getRepository(Customer);
      const all = await customers.find({ relations: { roles: true } });
      const one = await customers.findOneOrFail({ where: { key: KEYS[3]! }, relations: { roles: true } });
      const byRole = await customers.find({ where: { roles: { name: 'admin' } } });

      expect(all).toHaveLength(12);
      expect(all.every(({ roles }) => roles.length === 2)).toBe(true);
      expect(one.roles.map(({ name }) => name).sort()).toEqual(['admin', 'buyer']);
      expect(byRole).toHaveLength(12);
    });

    it('that are eager come with the entity', async () => {
      const orders = await test.cluster.getRepository(Order).findBy({ customerKey: KEYS[0]! });

      expect(orders[0]?.lines.map(({ id }) => id).sort()).toEqual(['customer 0 line 1', 'customer 0 line 2']);
    });

    it('that are lazy load from the shard that owns the entity', async () => {
      for (const found of await test.cluster.getRepository(Customer).find()) {
        const orders = await found.orders;
        expect(orders.map(({ id }) => id)).toEqual([`${found.key} order`]);
        expect(orders[0]?.lines).toHaveLength(2);
        expect((await orders[0]?.customer)?.key).toBe(found.key);
      }
    });

    it('that are lazy load from the owning shard for an object that was only made', async () => {
      for (const key of KEYS) {
        const made = [test.cluster.getRepository(Customer).create({ key }), Object.assign(new Customer(), { key })];
        for (const each of made) expect((await each.orders).map(({ id }) => id)).toEqual([`${key} order`]);
      }
    });

    it('that are lazy load inside a transaction what it wrote', async () => {
      const key = KEYS[5]!;
      const work = test.cluster.transaction(async (manager) => {
        const found = await manager.findOneByOrFail(Customer, { key });
        await manager.insert(Order, { id: 'inside', customerKey: key });
        expect((await found.orders).map(({ id }) => id).sort()).toEqual([`${key} order`, 'inside'].sort());
        throw new Error('roll back');
      });

      await expect(work).rejects.toThrow('roll back');
      expect(await (await test.cluster.getRepository(Customer).findOneByOrFail({ key })).orders).toHaveLength(1);
    });

    it('that are lazy can be changed and saved', async () => {
      const key = KEYS[7]!;
      const found = await test.cluster.getRepository(Customer).findOneByOrFail({ key });
      const added = Object.assign(new Order(), { id: 'added', lines: [{ id: 'added line' }] });
      found.orders = Promise.resolve([...(await found.orders), added]);
      await test.cluster.getRepository(Customer).save(found);

      expect(await test.cluster.getRepository(Order).countBy({ customerKey: key })).toBe(2);
      expect(await test.cluster.getRepository(Line).countBy({ id: 'added line', customerKey: key })).toBe(1);
      await test.cluster.getRepository(Line).delete({ id: 'added line', customerKey: key });
      await test.cluster.getRepository(Order).delete({ id: 'added', customerKey: key });
    });

    it('of a many-to-many are changed on their shard alone', async () => {
      const customers = test.cluster.getRepository(Customer);
      const key = KEYS[9]!;
      const found = await customers.findOneOrFail({ where: { key }, relations: { roles: true } });
      found.roles = found.roles.filter(({ id }) => id === 'b');
      const sent = await test.log.during(() => customers.save(found));

      expect(new Set(sent.map(({ shard }) => shard)).size).toBe(1);
      expect((await storedJunctionRows(test.cluster)).filter(({ row }) => row.customerKey === key)).toHaveLength(1);
      expect(await test.cluster.getRepository(Role).count()).toBe(2);
    });
  },
);
