import fc from 'fast-check';
import { ConfigurationError } from '../../src/errors';
import { type Difference, difference, hashRing, modulo, type Position, type RoutingTable, ranges } from '../../src/routing';
import { names } from './keys';

const shards = names(4);
const MIN = -60;
const shardList = fc.array(fc.constantFrom(...shards), { minLength: 1, maxLength: 4 });
const epochs = fc.uniqueArray(fc.record({ from: fc.integer({ min: MIN + 1, max: 60 }), shards: shardList }), {
  maxLength: 5,
  selector: ({ from }) => from,
});
/** Tables of ordered keys that all begin at MIN, or have no beginning. */
const orderedTable = fc.oneof(
  shardList.map((list) => modulo(list).compile(shards)),
  fc.tuple(epochs, shardList).map(([list, first]) => modulo([{ from: MIN, shards: first }, ...list]).compile(shards)),
  epochs.map((list) =>
    ranges([{ from: MIN, shard: 's0' }, ...list.map(({ from, shards: [shard] }) => ({ from, shard: shard! }))]).compile(shards),
  ),
);
const ringTable = fc
  .tuple(fc.uniqueArray(fc.constantFrom(...names(12)), { minLength: 1, maxLength: 12 }), fc.constantFrom(undefined, 3, 20))
  .map(([members, virtualNodes]) => hashRing(virtualNodes === undefined ? {} : { virtualNodes }).compile(members));

function contains({ since, upto }: Pick<Difference, 'since' | 'upto'>, position: Position): boolean {
  return (since === null || since <= position) && (upto === null || position < upto);
}

function ruleAt(table: RoutingTable, position: Position): string {
  return JSON.stringify(table.segments.find((segment) => contains(segment, position))!.rule.shards);
}

function expectSound(from: RoutingTable, to: RoutingTable, positions: readonly number[]): void {
  const differences = difference(from, to);
  for (const position of positions) {
    const found = differences
      .filter((each) => contains(each, position))
      .map((each) => [JSON.stringify(each.from.shards), JSON.stringify(each.to.shards)]);
    const [old, next] = [ruleAt(from, position), ruleAt(to, position)];
    expect(found).toEqual(old === next ? [] : [[old, next]]);
    if (found.length === 0) expect(to.ownerOf(position)).toBe(from.ownerOf(position));
  }
  const neighbours = differences.slice(1).map((each, index) => [differences[index]!, each] as const);
  expect(neighbours.filter(([before, after]) => before.upto! > after.since!)).toEqual([]);
  expect(neighbours.filter(([before, after]) => before.upto === after.since && isSameChange(before, after))).toEqual([]);
}

function isSameChange(a: Difference, b: Difference): boolean {
  return JSON.stringify([a.from, a.to]) === JSON.stringify([b.from, b.to]);
}

describe('difference', () => {
  it('holds every position whose rule changes and no other, in sorted, separate, longest segments, for ordered keys', () => {
    const positions = Array.from({ length: 130 }, (_, index) => MIN + index);
    fc.assert(
      fc.property(orderedTable, orderedTable, (from, to) => {
        fc.pre(from.segments[0]!.since !== null || to.segments[0]!.since === null);
        expectSound(from, to, positions);
      }),
    );
  });

  it('does so for rings of either flavour', () => {
    const positions = Array.from({ length: 40 }, (_, index) => Math.floor((2 ** 48 / 40) * index));
    fc.assert(
      fc.property(ringTable, ringTable, (from, to) => {
        const edges = [from, to].flatMap(({ segments }) => segments.slice(-10).map(({ since }) => Number(since)));
        expectSound(from, to, [...positions, ...edges]);
      }),
      { numRuns: 30 },
    );
  });

  it('is nothing between a table and itself', () => {
    const table = hashRing().compile(shards);
    expect(difference(table, hashRing().compile([...shards].reverse()))).toEqual([]);
  });

  it('from 2 to 3 shards by modulo is one segment, and two thirds of 100,000 ids move', () => {
    const [from, to] = [modulo(['a', 'b']), modulo(['a', 'b', 'c'])].map((placement) => placement.compile(['a', 'b', 'c'])) as [
      RoutingTable,
      RoutingTable,
    ];
    const differences = difference(from, to);
    expect(differences).toEqual([{ since: null, upto: null, from: { shards: ['a', 'b'] }, to: { shards: ['a', 'b', 'c'] } }]);

    const ids = Array.from({ length: 100_000 }, (_, id) => id);
    const moved = ids.filter((id) => differences.some((each) => each.from.shards[id % 2] !== each.to.shards[id % 3]));
    expect(moved).toEqual(ids.filter((id) => from.ownerOf(id) !== to.ownerOf(id)));
    expect(moved).toHaveLength(66_666);
  });

  it('from one rule to epochs leaves the old ids alone', () => {
    const from = modulo([{ from: 0, shards: ['s0', 's1'] }]).compile(shards);
    const to = modulo([
      { from: 0, shards: ['s0', 's1'] },
      { from: 2n ** 60n, shards },
    ]).compile(shards);
    expect(difference(from, to)).toEqual([{ since: 2n ** 60n, upto: null, from: { shards: ['s0', 's1'] }, to: { shards } }]);
  });

  it('when a shard joins the ring, changes only towards it, and as much as its share', () => {
    const from = hashRing().compile(shards);
    const to = hashRing().compile([...shards, 'new'], from);
    const differences = difference(from, to);
    expect(new Set(differences.map((each) => each.to.shards[0]))).toEqual(new Set(['new']));
    const length = differences.reduce((sum, { since, upto }) => sum + Number(upto) - Number(since), 0);
    expect(length / 2 ** 48).toBeCloseTo(to.share('new'), 12);
  });

  it('does not list what had no owner before', () => {
    const from = ranges([{ from: 0, shard: 's0' }]).compile(shards);
    const to = ranges([
      { from: -100, shard: 's1' },
      { from: 0, shard: 's0' },
    ]).compile(shards);
    expect(difference(from, to)).toEqual([]);
  });

  it('refuses to leave keys without an owner', () => {
    const from = ranges([{ from: 0, shard: 's0' }]).compile(shards);
    expect(() => difference(from, ranges([{ from: 100, shard: 's0' }]).compile(shards))).toThrow(
      /Keys from 0 on have an owner now, but none below 100/,
    );
    expect(() => difference(modulo(shards).compile(shards), from)).toThrow(ConfigurationError);
  });

  it('refuses to compare hashes with keys', () => {
    expect(() => difference(hashRing().compile(shards), modulo(shards).compile(shards))).toThrow(/cannot be compared/);
  });
});
