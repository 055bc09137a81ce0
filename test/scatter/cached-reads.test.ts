import { In } from 'typeorm';
import { sampledKinds } from '../database';
import type { TestCluster } from '../repository/fixtures/test-cluster';
import { Entry } from './fixtures/ledger';
import { ledgersOn, openLedgers } from './fixtures/ledger-cluster';

describe.each(sampledKinds)('An id of the cache (%s)', (kind) => {
  let test: TestCluster;
  beforeAll(async () => {
    test = await openLedgers(kind, { cache: true });
  });
  afterAll(() => test?.stop());

  it.each([undefined, 3, 12, 29])('gives the same page of %s rows and the same count again', async (take) => {
    const entries = test.cluster.getRepository(Entry);
    const options = { order: { amount: 'ASC', ledgerId: 'ASC', id: 'ASC' }, ...(take !== undefined && { take }) } as const;
    const cached = { ...options, cache: { id: `entries ${take}`, milliseconds: 60_000 } };
    const rows = await entries.find(options);

    for (let time = 0; time < 2; time += 1) {
      expect(await entries.find(cached)).toEqual(rows);
      expect(await entries.findAndCount(cached)).toEqual([rows, 30]);
    }
  });

  it('does not give the rows of a first statement for those of a second', async () => {
    const [first, second] = ledgersOn(test, 's1') as [number, number];
    // No other shard has any, so the share of the one is too small.
    const options = { where: [{ ledgerId: In([first, second]) }, { amount: 99 }], order: { id: 'ASC' }, take: 9 } as const;
    const entries = test.cluster.getRepository(Entry);

    const found = await entries.find({ ...options, cache: { id: 'on one shard', milliseconds: 60_000 } } as never);

    expect(found.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
