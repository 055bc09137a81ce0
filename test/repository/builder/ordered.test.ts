import type { EntityManager } from 'typeorm';
import { databaseKinds } from '../../database';
import { fillMarket, openMarket, Purchase } from '../fixtures/market';
import { partitionedKinds } from '../fixtures/partitioned-kinds';
import type { TestCluster } from '../fixtures/test-cluster';
import { type OrderedCase, orderedCases } from './ordered-cases';

const places = [
  ...databaseKinds.map((kind) => [kind, 'shards'] as const),
  ...partitionedKinds.map((kind) => [kind, 'partitions'] as const),
];

describe.each(places)('Query builders with an order (%s, over %s)', (kind, place) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openMarket(kind, { partitioned: place === 'partitions', ordinary: true });
    await fillMarket(test.ordinary);
    await fillMarket(test.cluster);
  });
  afterAll(() => test?.stop());

  it('look at rows of several shards', async () => {
    const counts = await Promise.all(test.cluster.shards.map(({ dataSource }) => dataSource.getRepository(Purchase).count()));

    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1);
  });

  const cases = orderedCases.filter(({ except = [] }) => !except.includes(kind));

  it.each(cases)('answer row by row as one database: $about', async ({ run }) => {
    expect(await textOf(run, test.cluster.manager)).toBe(await textOf(run, test.ordinary.manager));
  });
});

async function textOf(run: OrderedCase['run'], manager: EntityManager): Promise<string> {
  return JSON.stringify(await run(manager), null, 1);
}
