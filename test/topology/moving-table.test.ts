import fc from 'fast-check';
import { difference, hashRing, modulo, type Position, type RoutingTable, ranges } from '../../src/routing';
import { movingTable, type Transition } from '../../src/topology';
import { names } from '../routing/keys';

const shards = names(4);
const MIN = -40;
const MAX = 60;
const shardList = fc.array(fc.constantFrom(...shards), { minLength: 1, maxLength: 4 });
const epochs = fc.uniqueArray(fc.record({ from: fc.integer({ min: MIN + 1, max: MAX }), shards: shardList }), {
  maxLength: 5,
  selector: ({ from }) => from,
});
const orderedTable = fc.oneof(
  fc.tuple(epochs, shardList).map(([list, first]) => modulo([{ from: MIN, shards: first }, ...list]).compile(shards)),
  epochs.map((list) =>
    ranges([{ from: MIN, shard: 's0' }, ...list.map(({ from, shards: [shard] }) => ({ from, shard: shard! }))]).compile(shards),
  ),
);

/** Cuts what differs into rows at some positions, each with a watermark of its own. */
function transitionsOf(from: RoutingTable, to: RoutingTable, cuts: readonly number[], marks: readonly number[]): readonly Transition[] {
  const rows = difference(from, to).flatMap(({ since, upto }) => {
    const borders = cuts.filter((cut) => cut > since! && (upto === null || cut < upto)).sort((a, b) => a - b);
    const starts = [since!, ...borders];
    return starts.map((start, index) => ({ since: start, upto: starts[index + 1] ?? upto }));
  });
  return rows.map(({ since, upto }, index) => {
    const mark = marks[index % marks.length]!;
    const length = Number(upto ?? MAX + 20) - Number(since);
    const watermark: Position | null = mark === 100 ? upto : Number(since) + Math.floor((length * mark) / 100);
    return { since, upto, watermark };
  });
}

/** The same, said position by position. */
function ownerByHand(from: RoutingTable, to: RoutingTable, transitions: readonly Transition[], position: number): string {
  const row = transitions.find(({ since, upto }) => since <= position && (upto === null || position < upto));
  const isMoved = row !== undefined && row.watermark !== null && position >= row.watermark;
  return (isMoved ? to : from).ownerOf(position);
}

describe('movingTable', () => {
  it('goes by the new placement from each watermark on and by the old one everywhere else', () => {
    const percent = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 6 });
    const positions = Array.from({ length: MAX + 20 - MIN }, (_, index) => MIN + index);
    fc.assert(
      fc.property(
        orderedTable,
        orderedTable,
        fc.array(fc.integer({ min: MIN, max: MAX }), { maxLength: 6 }),
        percent,
        (from, to, cuts, marks) => {
          const transitions = transitionsOf(from, to, [...new Set(cuts)], marks);
          const table = movingTable(from, to, transitions);
          expect(positions.map((each) => table.ownerOf(each))).toEqual(positions.map((each) => ownerByHand(from, to, transitions, each)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([undefined, 20])('does so on rings too (virtual nodes: %s)', (virtualNodes) => {
    const ring = hashRing(virtualNodes === undefined ? {} : { virtualNodes });
    const from = ring.compile(names(3));
    const to = ring.compile(names(4), from);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 50 }), (marks) => {
        const transitions = difference(from, to).map(({ since, upto }, index) => {
          const mark = marks[index % marks.length]!;
          return { since: since!, upto, watermark: Number(since) + Math.floor(((Number(upto) - Number(since)) * mark) / 100) };
        });
        const table = movingTable(from, to, transitions);
        for (const { since, upto, watermark } of transitions) {
          const last = Number(upto) - 1;
          for (const position of [Number(since), watermark - 1, watermark, last].filter((each) => each >= Number(since) && each <= last)) {
            expect(table.ownerOf(position)).toBe((position >= watermark ? to : from).ownerOf(position));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is the old table before the first row moves, and the new one after the last', () => {
    const ring = hashRing();
    const from = ring.compile(names(3));
    const to = ring.compile(names(4), from);
    const rows = (mark: 'since' | 'upto') =>
      difference(from, to).map((each) => ({ since: each.since!, upto: each.upto, watermark: each[mark] }));

    expect(movingTable(from, to, rows('upto')).segments).toEqual(from.segments);
    expect(movingTable(from, to, rows('since')).segments).toEqual(to.segments);
  });

  it('gives at once to the new owner what only the new placement covers', () => {
    const from = ranges([{ from: 100, shard: 's0' }]).compile(shards);
    const to = ranges([
      { from: 0, shard: 's1' },
      { from: 100, shard: 's0' },
    ]).compile(shards);
    const table = movingTable(from, to, []);
    expect([5, 100, 200].map((each) => table.ownerOf(each))).toEqual(['s1', 's0', 's0']);
  });

  it('moves an epoch whose end is open', () => {
    const from = modulo(['s0', 's1']).compile(shards);
    const to = modulo([
      { from: -(2n ** 63n), shards: ['s0', 's1'] },
      { from: 1_000, shards: ['s0', 's1', 's2'] },
    ]);
    const table = movingTable(from, to.compile(shards), [{ since: 1_000, upto: null, watermark: 5_000 }]);
    expect([4_998, 4_999, 5_000, 5_001, 5_002].map((each) => table.ownerOf(each))).toEqual(['s0', 's1', 's2', 's0', 's1']);
  });
});
