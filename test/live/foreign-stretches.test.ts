import fc from 'fast-check';
import { modulo, ranges } from '../../src';
import { type ForeignStretch, foreignStretches } from '../../src/live/foreign-stretches';
import { difference, hashRing, type Position, type RoutingTable } from '../../src/routing';
import { topologyOf } from '../../src/topology';

const SHARDS = ['a', 'b', 'c', 'd'];

/** Two placements of one kind. */
const pairs: readonly (readonly [string, RoutingTable, RoutingTable])[] = [
  ['slots', hashRing().compile(['a', 'b']), hashRing().compile(['a', 'b', 'c'], hashRing().compile(['a', 'b']))],
  ['virtual nodes', hashRing({ virtualNodes: 8 }).compile(['a', 'b', 'c']), hashRing({ virtualNodes: 8 }).compile(['a', 'c', 'd'])],
  ['modulo', modulo(['a', 'b']).compile(SHARDS), modulo(['a', 'b', 'c']).compile(SHARDS)],
  [
    'ranges',
    ranges([
      { from: 0, shard: 'a' },
      { from: 1_000, shard: 'b' },
    ]).compile(SHARDS),
    ranges([
      { from: 0, shard: 'a' },
      { from: 600, shard: 'c' },
      { from: 1_500, shard: 'd' },
    ]).compile(SHARDS),
  ],
];

function holds({ from, upto, only }: ForeignStretch, position: Position): boolean {
  if (position < from || position >= upto) return false;
  const isOf = ({ modulus, residue }: { modulus: number; residue: number }) =>
    modulus > 0 && ((Number(position) % modulus) + modulus) % modulus === residue;
  return !only || (isOf(only.foreign) && !isOf(only.own));
}

describe.each(pairs)('The stretches in which a shard can hold rows of others, with %s', (_, from, to) => {
  const rows = difference(from, to).map(({ since, upto }) => ({
    since: since ?? Number.NEGATIVE_INFINITY,
    upto: upto ?? Number.POSITIVE_INFINITY,
    token: 0,
  }));
  const isHashed = from.placement === 'hashRing';
  const positions = isHashed ? fc.integer({ min: 0, max: 2 ** 48 - 1 }) : fc.integer({ min: 0, max: 3_000 });

  it('are those of the old and the new owner that is not the owner now', () => {
    const moved = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: rows.length, maxLength: rows.length });
    fc.assert(
      fc.property(moved, fc.array(positions, { minLength: 20, maxLength: 20 }), (parts, places) => {
        const begun = rows.map((row, index) => ({ ...row, watermark: between(row, parts[index] ?? 0) }));
        const move = { from, to, rows: begun };
        const plan = { phase: 'moving', moves: new Map([['g', move]]) } as never;
        const { routes } = topologyOf({ cluster: 'c', versionBase: 0, weights: {}, tables: new Map([['g', from]]), lastToken: 0, plan }, 1);
        for (const position of places) {
          const owner = routes.get('g')?.ownerOf(position);
          const both = new Set([from.ownerOf(position), to.ownerOf(position)]);
          for (const shard of SHARDS) {
            const isForeign = foreignStretches(move, shard, 'g').some((stretch) => holds(stretch, position));
            expect(isForeign).toBe(both.has(shard) && owner !== shard);
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});

function between({ since, upto }: { readonly since: Position; readonly upto: Position }, part: number): Position {
  const [low, high] = [Math.max(Number(since), 0), Math.min(Number(upto), 2 ** 48)];
  if (part < 0.2) return since;
  return part > 0.8 ? upto : Math.floor(low + (high - low) * part);
}
