import type { FindManyOptions } from 'typeorm';
import type { ShardedRepository } from '../../src';
import { ShardFetch } from '../../src/scatter/fetch';
import { sampledKinds } from '../database';
import type { TestCluster } from '../repository/fixtures/test-cluster';
import { Entry, Ledger, loads } from './fixtures/ledger';
import { openLedgers } from './fixtures/ledger-cluster';

const nameOf = (row: Ledger | Entry) => (row instanceof Entry ? `entry ${row.ledgerId}/${row.id}` : `ledger ${row.id}`);

describe.each(sampledKinds)('afterLoad (%s)', (kind) => {
  let test: TestCluster;
  beforeAll(async () => {
    test = await openLedgers(kind);
  });
  afterAll(() => test?.stop());
  beforeEach(() => {
    loads.length = 0;
  });

  const told = (kindOfRow: string) => loads.filter((name) => name.startsWith(kindOfRow)).sort();
  const ledgers = () => test.cluster.getRepository(Ledger);

  it.each<FindManyOptions<Ledger>>([
    {},
    { take: 5 },
    { skip: 20, take: 3 },
    { skip: 35 },
    { skip: 33, order: { grade: 'ASC' } },
    { take: 5, order: { grade: 'ASC' } },
    { take: 5, relations: { entries: true } },
    { skip: 30, relations: { entries: true } },
    { take: 5, relations: { entries: true }, relationLoadStrategy: 'query' },
  ])('is called once for each entity that find(%j) returns, and for no other', async (options) => {
    const rows = await ledgers().find(options);

    expect(told('ledger')).toEqual(rows.map(nameOf).sort());
    expect(told('entry')).toEqual(
      rows
        .flatMap(({ entries }) => entries ?? [])
        .map(nameOf)
        .sort(),
    );
  });

  it.each([
    { where: { grade: 1 } },
    { where: { grade: 1 }, order: { id: 'DESC' } },
    { where: { grade: 1 }, relations: { entries: true } },
    { where: { grade: 1 }, relations: { entries: true }, relationLoadStrategy: 'query' },
  ] as const)('is called for the one entity that findOne(%j) returns', async (options) => {
    const row = await ledgers().findOneOrFail(options);

    expect(told('ledger')).toEqual([nameOf(row)]);
  });

  it('is called for each entity that findPage and iterate give', async () => {
    const { rows } = await ledgers().findPage({ order: { grade: 'DESC' }, limit: 7 });
    expect(told('ledger')).toEqual(rows.map(nameOf).sort());
    loads.length = 0;
    for await (const _row of ledgers().iterate({ pageRows: 3 }));
    expect(new Set(loads).size).toBe(40);
    expect(loads).toHaveLength(40);
  });

  it('is called on the connection of a transaction', async () => {
    await test.cluster.transaction(async (manager) => {
      await manager.update(Ledger, { id: 7 }, { grade: 3 });
      const { rows } = await (manager.getRepository(Ledger) as ShardedRepository<Ledger>).findPage({ where: { id: 7 }, limit: 2 });
      expect(rows).toMatchObject([{ id: 7, grade: 3 }]);
    });
    expect(told('ledger')).toEqual(['ledger 7']);
  });

  it('is not needed for rows that are deleted under a page, whose count stays right', async () => {
    await ledgers().insert([100, 101, 102].map((id) => ({ id, grade: 9 })));
    const named = ShardFetch.prototype.named;
    const spy = jest.spyOn(ShardFetch.prototype, 'named').mockImplementation(async function (this: ShardFetch, keys) {
      await this.manager.delete(Ledger, { id: 101 });
      return named.call(this, keys);
    });
    try {
      const [rows, count] = await ledgers().findAndCount({
        order: { grade: 'DESC', id: 'ASC' },
        skip: 1,
        take: 1,
        relations: { entries: true },
      });
      expect([rows.length, count]).toEqual([0, 42]);
    } finally {
      spy.mockRestore();
      await ledgers().delete({ grade: 9, id: 100 });
      await ledgers().delete({ grade: 9, id: 102 });
    }
  });
});
