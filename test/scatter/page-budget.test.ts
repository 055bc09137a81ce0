import { sampledKinds } from '../database';
import type { TestCluster } from '../repository/fixtures/test-cluster';
import { Entry, Ledger } from './fixtures/ledger';
import { ledgersOn, openLedgers } from './fixtures/ledger-cluster';

describe.each(sampledKinds)('A budget of a page (%s)', (kind) => {
  let test: TestCluster;
  beforeAll(async () => {
    test = await openLedgers(kind);
  });
  afterAll(() => test?.stop());

  const tooMany = { code: 'ERR_SCATTER_BUDGET', budget: 'maxRows' };

  it('counts its rows and those skipped, and not the one that tells whether there are more', async () => {
    const ledgers = test.cluster.getRepository(Ledger).withScatter({ maxRows: 3 });

    expect((await ledgers.findPage({ limit: 3 })).rows).toHaveLength(3);
    expect(await ledgers.find({ take: 3, order: { grade: 'ASC' } })).toHaveLength(3);
    expect(await ledgers.find({ skip: 2, take: 1, order: { grade: 'ASC' } })).toHaveLength(1);
    await expect(ledgers.findPage({ limit: 4 })).rejects.toMatchObject(tooMany);
    await expect(ledgers.find({ take: 4 })).rejects.toMatchObject(tooMany);
    await expect(ledgers.find({ skip: 2, take: 2 })).rejects.toMatchObject(tooMany);
  });

  it('counts rows before a page deep in a list once, though the shards were first asked to leave them out', async () => {
    // One shard has few of the grade, so that what they leave out proves nothing and the rows are read again.
    const [s1] = ledgersOn(test, 's1');
    const rows = Array.from({ length: 600 }, (_, at) => ({ id: 1000 + at, ledgerId: s1 as number, amount: 50 + at }));
    await test.cluster.manager.insert(Entry, rows);
    const page = { order: { amount: 'DESC' }, skip: 400, take: 10 } as const;

    const found = await test.cluster.getRepository(Entry).withScatter({ maxRows: 410 }).find(page);
    expect(found.map(({ amount }) => amount)).toEqual(Array.from({ length: 10 }, (_, at) => 249 - at));
    await expect(test.cluster.getRepository(Entry).withScatter({ maxRows: 409 }).find(page)).rejects.toMatchObject(tooMany);
    await test.cluster.manager.delete(Entry, { ledgerId: s1, amount: 50 });
  });

  it('of time needs no second connection while it holds one', async () => {
    const ledgers = test.cluster.getRepository(Ledger).withScatter({ timeoutMs: 10_000 });
    const entries = test.cluster.getRepository(Entry).withScatter({ timeoutMs: 10_000, concurrency: 1 });
    const { signal } = new AbortController();

    await ledgers.find({ skip: 8, take: 2, relations: { entries: true } });
    await ledgers.findAndCount({ skip: 8, take: 2, relations: { entries: true }, relationLoadStrategy: 'query' });
    await ledgers.findPage({ limit: 2, order: { grade: 'ASC' } });
    await entries.findOne({ where: { amount: 1 }, relations: { ledger: true }, relationLoadStrategy: 'query' });
    await entries.createQueryBuilder('e').select('e.amount', 'a').addSelect('COUNT(*)', 'c').groupBy('e.amount').getRawMany();
    let given = 0;
    for await (const _row of ledgers.iterate({ pageRows: 2, order: { grade: 'DESC' }, signal })) if (++given === 9) break;
    // The only connection of each pool is free again.
    expect([await ledgers.sum('grade', { grade: 1 }), await ledgers.count()]).toEqual([10, 40]);
  });
});
