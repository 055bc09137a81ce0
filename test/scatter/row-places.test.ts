import { sampledKinds } from '../database';
import type { TestCluster } from '../repository/fixtures/test-cluster';
import { Entry, Graded, Ledger } from './fixtures/ledger';
import { openLedgers } from './fixtures/ledger-cluster';

describe.each(sampledKinds)('The place of a row in an order (%s)', (kind) => {
  let test: TestCluster;
  beforeAll(async () => {
    test = await openLedgers(kind);
  });
  afterAll(() => test?.stop());

  const textOf = ({ ledgerId, id }: Entry) => `${ledgerId}/${id}`;

  it.each([1, 4, 7])('is on its shard, so that pages of %d lose no row whose primary key another shard has too', async (limit) => {
    const entries = test.cluster.getRepository(Entry);
    const page = (place: object) => entries.findPage({ order: { amount: 'ASC' }, limit, ...place });
    const forwards: string[] = [];
    let found = await page({});
    for (;;) {
      forwards.push(...found.rows.map(textOf));
      if (found.next === null) break;
      found = await page({ after: found.next });
    }
    const backwards = found.rows.map(textOf);
    while (found.previous !== null) {
      found = await page({ before: found.previous });
      backwards.unshift(...found.rows.map(textOf));
    }

    expect(new Set(forwards).size).toBe(30);
    expect(forwards).toHaveLength(30);
    expect(backwards).toEqual(forwards);
  });

  it('is needed to iterate and for pages by keyset, which views without a key are refused', async () => {
    const graded = test.cluster.getRepository(Graded);
    for (const options of [{}, { order: { grade: 'ASC' } }] as const) {
      await expect(graded.iterate({ ...options, pageRows: 2 }).next()).rejects.toMatchObject({ code: 'ERR_SCATTER_UNSUPPORTED' });
      await expect(graded.findPage({ ...options, limit: 2 })).rejects.toMatchObject({ code: 'ERR_SCATTER_UNSUPPORTED' });
    }
  });

  it('is counted in pages of views', async () => {
    const graded = test.cluster.getRepository(Graded);
    for (const [skip, take] of [
      [0, 35],
      [30, 5],
      [38, 10],
      [50, 1],
    ] as const) {
      const { length } = await graded.find({ order: { grade: 'DESC', ledgerId: 'ASC' }, skip, take });
      expect(length).toBe(Math.max(0, Math.min(take, 40 - skip)));
    }
    const page = await graded.find({ order: { grade: 'DESC', ledgerId: 'ASC' }, skip: 8, take: 4 });
    expect(page.map(({ grade, ledgerId }) => [grade, ledgerId])).toEqual([
      [3, 35],
      [3, 39],
      [2, 2],
      [2, 6],
    ]);
  });

  it('is one, so that an iteration in the order of a to-many relation is refused', async () => {
    const rows = test.cluster
      .getRepository(Ledger)
      .iterate({ relations: { entries: true }, order: { entries: { amount: 'ASC' } }, pageRows: 3 });
    await expect(rows.next()).rejects.toMatchObject({ code: 'ERR_SCATTER_UNSUPPORTED' });
  });
});
