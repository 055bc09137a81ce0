import { AsyncLocalStorage } from 'node:async_hooks';
import { AfterLoad, Column, Entity, PrimaryColumn } from 'typeorm';
import { NotInitializedError, ShardedDataSource, ShardKey } from '../../src';
import { sampledKinds } from '../database';
import { keysOn } from './fixtures/keys-on';
import { Volume, Writer } from './fixtures/library';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const request = new AsyncLocalStorage<string>();
const seen: (readonly [request: string | undefined, shards: string])[] = [];
let guests: ShardedDataSource;

@Entity()
class Guest {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  @ShardKey()
  guid!: string;

  @Column({ type: 'varchar', length: 40 })
  name!: string;

  /** A listener that makes calls of its own, as those of applications do. */
  @AfterLoad()
  note(): Promise<void> {
    return guests
      .getRepository(Guest)
      .explain()
      .then(({ shards }) => void seen.push([request.getStore(), shards.join()]));
  }
}

describe.each(sampledKinds)('A context of within() (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Writer, Volume, Guest], shards: 3, options: { concurrency: 1 } });
    guests = test.cluster;
    await test.cluster.getRepository(Writer).save([1, 2, 3, 4].map((id) => ({ id, name: `w${id}` })));
    await test.cluster
      .getRepository(Volume)
      .save([1, 2, 3, 4].map((id) => Object.assign(new Volume(), { isbn: `v${id}`, pages: id, writer: Promise.resolve({ id }) })));
    await test.cluster.getRepository(Guest).insert([1, 2, 3, 4, 5, 6].map((id) => ({ guid: `g${id}`, name: 'g' })));
  });
  afterAll(() => test?.stop());

  it('limits calls to several shards, unless these say otherwise', async () => {
    const writers = test.cluster.getRepository(Writer);
    await test.cluster.within({ scatter: { mode: 'forbid', maxRows: 2 } }, async () => {
      await expect(writers.find()).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });
      await expect(writers.withScatter({ mode: 'allow' }).find()).rejects.toMatchObject({ code: 'ERR_SCATTER_BUDGET', budget: 'maxRows' });
      await expect(writers.acrossShards().find()).rejects.toMatchObject({ code: 'ERR_SCATTER_BUDGET', budget: 'maxRows' });
      expect(await writers.withScatter({ mode: 'allow', maxRows: 100 }).find()).toHaveLength(4);
      expect(await writers.findOneBy({ id: 1 })).toMatchObject({ id: 1 });
      expect((await writers.explain()).refusal).toContain('Writer');
    });

    expect(await writers.find()).toHaveLength(4);
  });

  it('adds its limits to those of one around it, member by member', async () => {
    const writers = test.cluster.getRepository(Writer);
    const budget = await test.cluster.within({ scatter: { maxShards: 5, maxRows: 7 } }, () =>
      test.cluster.within({ scatter: { maxRows: 9 } }, async () => (await writers.explain()).budget),
    );

    expect(budget).toMatchObject({ maxShards: 5, maxRows: 9 });
  });

  it('limits lazily loaded relations too, without those of others that load in the same turn', async () => {
    const [first, second] = await test.cluster.getRepository(Writer).find({ order: { id: 'ASC' }, take: 2 });

    const limited = test.cluster.within({ scatter: { mode: 'forbid' } }, () => Promise.resolve(first?.volumes));
    const free = second?.volumes;

    await expect(limited).rejects.toMatchObject({ code: 'ERR_SCATTER_REFUSED' });
    expect((await free)?.map(({ isbn }) => isbn)).toEqual(['v2']);
  });

  it('is that of the call for its listeners also when the call had to wait for others', async () => {
    const keys = ['s1', 's2', 's3'].map((shard) => keysOn(test.cluster, Guest, shard, { prefix: 'g' })[0] as string);
    const repository = test.cluster.getRepository(Guest).acrossShards();
    seen.length = 0;

    const calls = keys.map((value, at) =>
      request.run(`request s${at + 1}`, () => test.cluster.within({ key: { entity: Guest, value } }, () => repository.find())),
    );
    await Promise.all(calls);
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(seen).toHaveLength(18);
    expect([...new Set(seen.map(String))].sort()).toEqual(['request s1,s1', 'request s2,s2', 'request s3,s3']);
  });

  it('is one cluster’s own', async () => {
    const other = await openTestCluster(kind, { entities: [Guest], shards: 2 });
    try {
      const explained = await test.cluster.within({ key: { entity: Guest, value: 'g1' }, scatter: { mode: 'forbid' } }, () =>
        other.cluster.getRepository(Guest).explain(),
      );
      expect(explained).toMatchObject({ route: 'all', shards: ['s1', 's2'] });
      expect(explained.refusal).toBeUndefined();
    } finally {
      await other.stop();
    }
  });
});

describe('within() of a cluster that is not initialized', () => {
  it('refuses at once, before the work', () => {
    const cluster = new ShardedDataSource({ type: 'sqljs', entities: [Guest], shards: ['s1'] });
    const work = jest.fn();

    expect(() => cluster.within({}, work)).toThrow(NotInitializedError);
    expect(work).not.toHaveBeenCalled();
  });
});
