import * as fc from 'fast-check';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ShardKey } from '../../src';
import { sampledKinds } from '../database';
import { openTestCluster, type TestCluster } from '../repository/fixtures/test-cluster';

@Entity()
class Reading {
  @PrimaryColumn({ type: 'int' }) @ShardKey() id!: number;
  /** Spread evenly over the shards, with many ties. */
  @Column({ type: 'int' }) even!: number;
  /** Each shard has a stretch of its own, so that no share of a page is as expected. */
  @Column({ type: 'int' }) apart!: number;
}

const ROWS = 900;

describe.each(sampledKinds)('A page deep in a list (%s)', (kind) => {
  let test: TestCluster;
  let all: Reading[];

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Reading], shards: 3 });
    const places = new Map(test.cluster.shards.map(({ name }, place) => [name, place]));
    all = Array.from({ length: ROWS }, (_, id) => ({ id, even: id % 50, apart: 0 }));
    for (const row of all) row.apart = (places.get(test.cluster.shardFor(Reading, row.id).name) ?? 0) * ROWS + row.id;
    await test.cluster.manager.insert(Reading, all);
  });
  afterAll(() => test?.stop());

  const sorted = (property: 'even' | 'apart') => [...all].sort((a, b) => a[property] - b[property] || a.id - b.id).map(({ id }) => id);

  it.each(['even', 'apart'] as const)('holds the rows that the whole list has there, by %s values', async (property) => {
    const ids = sorted(property);
    const page = fc.record({ skip: fc.integer({ min: 0, max: ROWS + 50 }), take: fc.integer({ min: 1, max: 60 }) });
    await fc.assert(
      fc.asyncProperty(page, async ({ skip, take }) => {
        const found = await test.cluster.manager.find(Reading, { order: { [property]: 'ASC' }, skip, take });
        expect(found.map(({ id }) => id)).toEqual(ids.slice(skip, skip + take));
      }),
      { numRuns: 60 },
    );
  });

  it('is found without most of the keys before it', async () => {
    const find = () => test.cluster.manager.find(Reading, { order: { even: 'ASC' }, skip: 600, take: 10 });
    await find();
    const sent = await test.log.during(find);

    const keys = sent.filter(({ sql }) => sql.includes('OFFSET'));
    expect(keys.map(({ shard }) => shard).sort()).toEqual(['s1', 's2', 's3']);
    for (const { sql } of keys) {
      const [, limit, offset] = /LIMIT (\d+) OFFSET (\d+)/.exec(sql) as RegExpExecArray;
      expect(Number(offset)).toBeGreaterThan(150);
      expect(Number(limit)).toBeLessThan(100);
    }
  });
});
