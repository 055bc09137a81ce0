import { AssertionError } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ranges, ShardKey } from '../../src';
import { checkGoldenRoutes, createTestCluster, expectShards, goldenRoutes, recordStatements, type TestCluster } from '../../src/testing';
import { currentTestRun } from '../database/test-run';
import { Country, Customer } from './fixtures/shop';
import { customerOn, shopCluster } from './fixtures/shop-cluster';

describe('Routes of a test cluster', () => {
  let cluster: TestCluster;
  const customers = () => cluster.getRepository(Customer);

  beforeAll(async () => {
    cluster = await shopCluster();
  });

  afterEach(() => cluster.clear());
  afterAll(() => cluster.destroy());

  describe('expectShards', () => {
    it('answers what the call does when its statements go just there', async () => {
      const id = customerOn(cluster, 'shard-2');
      await expectShards(cluster, ['shard-2'], () => customers().save({ id, name: 'Ada' }));
      expect(await expectShards(cluster, ['shard-2'], () => customers().findOneBy({ id }))).toMatchObject({ name: 'Ada' });
      expect(await expectShards(cluster, 'all', () => customers().count())).toBe(1);
      expect(await expectShards(cluster, ['shard-3', 'shard-1', 'shard-2'], () => customers().count())).toBe(1);
      expect(await expectShards(cluster, 'none', () => cluster.shardFor(Customer, id).name)).toBe('shard-2');
      await expectShards(cluster, [], () =>
        customers()
          .findBy({ id: undefined as never })
          .catch(() => 'refused'),
      );
    });

    it.each([
      [['shard-1'], 'Expected statements on shard-1, but shard-1, shard-2, shard-3 got some.'],
      ['none', 'Expected statements on no shard, but shard-1, shard-2, shard-3 got some.'],
    ] as const)('fails with the statements when %j was expected', async (expected, message) => {
      const failure = await expectShards(cluster, expected, () => customers().count()).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AssertionError);
      expect((failure as Error).message).toContain(message);
      expect((failure as Error).message).toMatch(/\n {2}shard-3: SELECT COUNT/);
    });

    it('fails when a shard that was expected gets nothing', async () => {
      const call = expectShards(cluster, 'all', () => customers().findOneBy({ id: customerOn(cluster, 'shard-1') }));
      await expect(call).rejects.toThrow('Expected statements on shard-1, shard-2, shard-3, but shard-1 got some.');
      await expect(expectShards(cluster, ['shard-1'], () => 5)).rejects.toThrow('but no shard got some');
    });

    it('refuses names that there are not, and throws what the call throws', async () => {
      await expect(expectShards(cluster, ['shard-9'], () => 5)).rejects.toMatchObject({ code: 'ERR_UNKNOWN_SHARD' });
      await expect(expectShards(cluster, 'none', () => Promise.reject(new RangeError('own')))).rejects.toThrow(RangeError);
    });
  });

  it('are recorded without what a shard is sent while it is opened', async () => {
    const lazy = await shopCluster({ lazy: true });
    const find = () => lazy.getRepository(Customer).findOneBy({ id: customerOn(lazy, 'shard-3') });
    const statements = await recordStatements(lazy, find);
    expect(statements).toEqual([{ shard: 'shard-3', sql: expect.stringMatching(/^SELECT .* FROM "customer"/) }]);
    await lazy.destroy();
  });

  it('are recorded statement by statement, in order', async () => {
    const id = customerOn(cluster, 'shard-2');
    const statements = await recordStatements(cluster, () => customers().save({ id, name: 'Ada' }));
    expect(new Set(statements.map(({ shard }) => shard))).toEqual(new Set(['shard-2']));
    expect(statements.map(({ sql }) => sql.split(' ')[0])).toEqual(['SELECT', 'BEGIN', 'INSERT', 'COMMIT']);
    expect(await recordStatements(cluster, () => undefined)).toEqual([]);
  });

  describe('goldenRoutes', () => {
    it('tells where keys lead as plain JSON', () => {
      const routes = goldenRoutes(cluster, { Customer: ['ada', 'bob'], Purchase: ['ada'] });
      expect(JSON.parse(JSON.stringify(routes))).toEqual(routes);
      expect(routes.routes.map(({ entity, key, shard }) => [entity, key, shard])).toEqual([
        ['Customer', 'ada', cluster.shardFor(Customer, 'ada').name],
        ['Customer', 'bob', cluster.shardFor(Customer, 'bob').name],
        ['Purchase', 'ada', cluster.shardFor(Customer, 'ada').name],
      ]);
      for (const { position, shard } of routes.routes) expect(cluster.routingTables.get('Customer')?.ownerOf(BigInt(position))).toBe(shard);
      expect(routes.groups).toEqual({
        Customer: { placement: 'hashRing', checksum: cluster.routingTables.get('Customer')?.checksum },
      });
    });

    it('takes classes, and keys that JSON does not know', async () => {
      @Entity()
      class Day {
        @PrimaryColumn({ type: 'bigint' }) @ShardKey() id!: string;
        @Column({ nullable: true }) note!: string;
      }
      const placement = ranges([
        { from: 0, shard: 'shard-1' },
        { from: 2n ** 60n, shard: 'shard-2' },
      ]);
      const days = await createTestCluster({ entities: [Day], placement });
      expect(goldenRoutes(days, [[Day, [7, 2n ** 60n + 1n]]]).routes).toEqual([
        { entity: 'Day', key: 7, position: 7, shard: 'shard-1' },
        { entity: 'Day', key: '1152921504606846977', position: '1152921504606846977', shard: 'shard-2' },
      ]);
      await days.getRepository(Day).insert({ id: '1152921504606846977' });
      expect(await days.getRepository(Day).find()).toEqual([{ id: '1152921504606846977', note: null }]);
      await days.destroy();
    });

    it('refuses entities without a key', () => {
      expect(() => goldenRoutes(cluster, [[Country, ['SE']]])).toThrow(expect.objectContaining({ code: 'ERR_NOT_SHARDED' }));
    });
  });

  describe('checkGoldenRoutes', () => {
    const keys = { Customer: ['ada', 'bob', 'cyd', 'dan'] };
    let folder: string;
    let file: string;

    beforeEach(() => {
      folder = mkdtempSync(join(currentTestRun().files, 'golden-'));
      file = join(folder, 'deep', 'routes.json');
    });

    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('says how to make a file that is missing', async () => {
      const check = checkGoldenRoutes(cluster, file, keys);
      await expect(check).rejects.toThrow(AssertionError);
      await expect(check).rejects.toThrow('{ update: true }');
    });

    it('passes while keys stay, on another cluster of the same shards too', async () => {
      await checkGoldenRoutes(cluster, file, keys, { update: true });
      await checkGoldenRoutes(cluster, file, keys);
      const other = await shopCluster({ shards: ['shard-3', 'shard-1', 'shard-2'] });
      await checkGoldenRoutes(other, file, keys);
      await other.destroy();
    });

    it('names each key that would move, and says what that means', async () => {
      await checkGoldenRoutes(cluster, file, keys, { update: true });
      const grown = await shopCluster({ shards: 4 });
      const moved = keys.Customer.filter((key) => grown.shardFor(Customer, key).name !== cluster.shardFor(Customer, key).name);
      const failure: Error = (await checkGoldenRoutes(grown, file, keys).catch((error: Error) => error)) as Error;
      await grown.destroy();
      expect(failure).toBeInstanceOf(AssertionError);
      expect([...failure.message.matchAll(/Customer "(\w+)" would move from/g)].map(([, key]) => key)).toEqual(moved);
      expect(failure.message).toContain('The table of group Customer is another one');
      expect(failure.message).toContain('rows would be lost');
    });

    it('tells apart keys that are not in the file, that are there only, and whose position is another', async () => {
      await checkGoldenRoutes(cluster, file, keys, { update: true });
      const changed = readFileSync(file, 'utf8').replace(/"position": \d+/, '"position": 1');
      writeFileSync(file, changed);
      const failure = checkGoldenRoutes(cluster, file, { Customer: ['ada', 'bob', 'cyd', 'eve'] });
      await expect(failure).rejects.toThrow(/Customer "ada" stays on shard-\d, but its position 1 became \d+\./);
      await expect(failure).rejects.toThrow('Customer "eve" is not in the file.');
      await expect(failure).rejects.toThrow('Customer "dan" is in the file only.');
    });

    it('refuses a file of something else', async () => {
      await checkGoldenRoutes(cluster, file, keys, { update: true });
      for (const text of ['', '[]', '{"routes": 5, "groups": {}}', 'null']) {
        writeFileSync(file, text);
        await expect(checkGoldenRoutes(cluster, file, keys)).rejects.toThrow('holds no golden routes');
      }
    });
  });
});
