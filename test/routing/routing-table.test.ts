import fc from 'fast-check';
import { PositionUnownedError } from '../../src/errors';
import { hashRing, modulo, type Placement, ranges } from '../../src/routing';
import { names } from './keys';

const shards = names(5);
const shardList = fc.array(fc.constantFrom(...shards), { minLength: 1, maxLength: 5 });
const start = fc.integer({ min: -40, max: 40 });
const epochs = fc.uniqueArray(fc.record({ from: start, shards: shardList }), { minLength: 1, maxLength: 6, selector: ({ from }) => from });
const ordered: fc.Arbitrary<Placement> = fc.oneof(
  shardList.map((list) => modulo(list)),
  epochs.map((list) => modulo(list)),
  epochs.map((list) => ranges(list.map(({ from, shards: [shard] }) => ({ from, shard: shard! })))),
);

describe('RoutingTable', () => {
  describe('ownersBetween', () => {
    it('is exactly the owners of the positions of an interval', () => {
      fc.assert(
        fc.property(ordered, start, start, (placement, low, high) => {
          const table = placement.compile(shards);
          const first = Number(table.segments[0]!.since ?? -100);
          const owners = new Set<string>();
          for (let position = Math.max(low, first); position <= high; position += 1) owners.add(table.ownerOf(position));
          expect(table.ownersBetween(low, high)).toEqual([...owners].sort());
          expect(table.ownersBetween(BigInt(low), BigInt(high))).toEqual([...owners].sort());
          expect(table.ownersBetween(low - 0.5, high + 0.5)).toEqual([...owners].sort());
        }),
        { numRuns: 300 },
      );
    });

    it('is exact beyond 2^53', () => {
      const big = 2n ** 60n;
      const table = modulo([
        { from: 0, shards: ['s0', 's1', 's2'] },
        { from: big, shards: ['s3', 's4'] },
      ]).compile(shards);
      expect(table.ownersBetween(big - 1n, big)).toEqual([table.ownerOf(big - 1n), table.ownerOf(big)].sort());
      expect(table.ownersBetween(big, big)).toEqual(['s3']);
    });

    it('is everything for an open interval and nothing for an empty one', () => {
      const table = ranges([
        { from: 0, shard: 's0' },
        { from: 10, shard: 's1' },
        { from: 20, shard: 's2' },
      ]).compile(shards);
      expect(table.ownersBetween(null, null)).toEqual(['s0', 's1', 's2']);
      expect(table.ownersBetween(null, 9)).toEqual(['s0']);
      expect(table.ownersBetween(9, null)).toEqual(['s0', 's1', 's2']);
      expect(table.ownersBetween(10, null)).toEqual(['s1', 's2']);
      expect(table.ownersBetween(5, 4)).toEqual([]);
      expect(table.ownersBetween(null, -1)).toEqual([]);
      expect(table.ownersBetween(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toEqual(['s0', 's1', 's2']);
      expect(() => table.ownersBetween(Number.NaN, 1)).toThrow(PositionUnownedError);
    });

    it('stays on the line of a ring', () => {
      const table = hashRing().compile(shards);
      expect(table.ownersBetween(null, null)).toEqual(shards);
      expect(table.ownersBetween(5, 6)).toEqual([table.ownerOf(5)]);
      expect(table.ownersBetween(2 ** 48, null)).toEqual([]);
      expect(table.ownersBetween(null, -1)).toEqual([]);
    });
  });

  describe.each([
    ['the ring of slots', hashRing().compile(shards)],
    ['the classic ring', hashRing({ virtualNodes: 20 }).compile(shards)],
  ])('of %s', (_, table) => {
    it('owns numbers and bigints alike, and by its segments', () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (position) => {
          const segment = table.segments.find(({ since, upto }) => position >= since! && position < upto!);
          expect(table.ownerOf(position)).toBe(segment!.rule.shards[0]);
          expect(table.ownerOf(BigInt(position))).toBe(table.ownerOf(position));
        }),
      );
    });

    it.each([
      [-1],
      [-1n],
      [2 ** 48],
      [2n ** 48n],
      [2n ** 70n],
      [0.5],
      [Number.NaN],
      [Number.POSITIVE_INFINITY],
      ['5' as never],
      [undefined as never],
    ])('has no owner for %p', (position) => {
      expect(() => table.ownerOf(position)).toThrow(PositionUnownedError);
    });

    it('has segments without gaps, neighbours under different rules, and shares that add up', () => {
      const { segments } = table;
      expect([segments[0]!.since, segments.at(-1)!.upto]).toEqual([0, 2 ** 48]);
      segments.slice(1).forEach((segment, index) => {
        expect(segment.since).toBe(segments[index]!.upto);
        expect(segment.rule.shards).not.toEqual(segments[index]!.rule.shards);
      });
      expect(shards.reduce((sum, shard) => sum + table.share(shard), 0)).toBeCloseTo(1, 12);
    });
  });

  it('tells no share of a line without length', () => {
    expect(modulo(shards).compile(shards).share('s0')).toBeNaN();
  });

  it('cannot be changed through what it shows', () => {
    const { segments, shards: owners } = modulo(shards).compile(shards);
    expect([segments, segments[0], segments[0]!.rule, segments[0]!.rule.shards, owners].every(Object.isFrozen)).toBe(true);
    expect(JSON.parse(JSON.stringify(segments))).toEqual([{ since: null, upto: null, rule: { shards } }]);
  });

  it('has another checksum exactly when some key has another owner', () => {
    fc.assert(
      fc.property(ordered, ordered, (a, b) => {
        fc.pre(a.kind === b.kind);
        const [one, other] = [a.compile(shards), b.compile(shards)];
        expect(one.checksum === other.checksum).toBe(JSON.stringify(one.segments) === JSON.stringify(other.segments));
      }),
    );
  });

  it('has another checksum for another kind, parameter or name', () => {
    const checksums = [
      modulo(['s0']),
      ranges([{ from: 0, shard: 's0' }]),
      hashRing(),
      hashRing({ virtualNodes: 1 }),
      hashRing({ virtualNodes: 2 }),
      modulo(['s1']),
      modulo([{ from: 0, shards: ['s0'] }]),
    ].map((placement) => placement.compile(placement.positions === 'hash' ? ['s0'] : shards).checksum);
    expect(new Set(checksums).size).toBe(checksums.length);
  });
});
