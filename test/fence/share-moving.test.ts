import { ALL, NONE, type OwnershipRow, shareMoving } from '../../src/fence';
import { sampledKinds } from '../database';
import { FencedMember, movingRow } from './fixtures/fenced-member';

describe.each(sampledKinds)('The rows of a shard that a call over all of it must hold (%s)', (kind) => {
  let member: FencedMember;

  beforeAll(async () => {
    member = await FencedMember.start(kind);
  }, 120_000);

  afterEach(() => member.releaseAll());
  afterAll(() => member?.stop());

  /** A row of ten positions, at rest unless said otherwise. */
  function rowAt(since: number, more: Partial<OwnershipRow> = {}): OwnershipRow {
    const marks = { watermark: since, frontier: since, capture: since };
    return { ...movingRow('range', member.shard), since, upto: since + 10, oldRule: ALL, newRule: ALL, ...marks, version: 5, ...more };
  }

  const shared = async (version: number) => {
    const rows = await shareMoving(member.runner(), { shard: member.shard, group: 'Topic' }, version);
    return rows.map(({ since }) => Number(since)).sort((a, b) => a - b);
  };

  it('are those that move, and those that have changed since the version that it goes by', async () => {
    await member.replaceRows(member.runner(), 'Topic', [
      rowAt(0),
      rowAt(10, { newRule: NONE }),
      rowAt(20, { version: 6 }),
      rowAt(30, { oldRule: { modulus: 2, residue: 0 }, newRule: { modulus: 2, residue: 1 } }),
      rowAt(40, { version: 7 }),
    ]);
    await member.replaceRows(member.runner(), 'Item', [{ ...rowAt(50, { version: 9 }), group: 'Item' }]);
    expect(await shared(5)).toEqual([10, 20, 30, 40]);
    expect(await shared(6)).toEqual([10, 30, 40]);
    expect(await shared(7)).toEqual([10, 30]);
    expect(await shared(4)).toEqual([0, 10, 20, 30, 40]);
  });
});
