import { ConfigurationError } from '../errors';
import { HASH_LINE_LENGTH, type Position, type RoutingTable, type Rule, type Segment, SLOT_COUNT } from '../routing';
import { ALL, NONE, type OwnershipRow, type ShardRule } from './ownership-row';

/** How the row of a position is found: by equality of its slot's beginning, or as the first row that ends above it. */
export type RowLookUp = 'slot' | 'range';

/** Length of a slot of the default ring. */
export const SLOT_LENGTH = HASH_LINE_LENGTH / SLOT_COUNT;

/** Tables never change, and movers ask for every chunk. */
const lookUps = new WeakMap<RoutingTable, RowLookUp>();

/** How rows of a placement are found: by slot when all of its borders are borders of slots; a classic ring is never cut into these. */
export function lookUpOf(table: RoutingTable): RowLookUp {
  const lookUp = lookUps.get(table) ?? findLookUp(table);
  lookUps.set(table, lookUp);
  return lookUp;
}

function findLookUp(table: RoutingTable): RowLookUp {
  const { placement, segments, layout } = table;
  if (layout.parameters.startsWith('virtualNodes=')) return 'range';
  return placement === 'hashRing' && segments.every(({ since }) => Number(since) % SLOT_LENGTH === 0) ? 'slot' : 'range';
}

/**
 * What a shard owns under a placement, as rows at rest that tile the whole line: a row for each slot where there are slots, else one for
 * each segment. What lies below the first segment is nobody's.
 *
 * @throws {ConfigurationError} when a rule cannot be said as one remainder, since the shard stands in it several times.
 */
export function rowsAtRest(table: RoutingTable, owner: { readonly shard: string; readonly group: string; readonly version: number }) {
  const { shard, group, version } = owner;
  const pieces = lookUpOf(table) === 'slot' ? table.segments.flatMap(slotsOf) : wholeLine(table);
  return pieces.map(({ since, upto, rule }): OwnershipRow => {
    const owned = shardRule(rule, shard, group);
    const marks = { watermark: since, frontier: since, capture: since };
    return { shard, group, since, upto, oldRule: owned, newRule: owned, ...marks, token: 0, version };
  });
}

/** The part that one shard has in a rule. @throws {ConfigurationError} as {@link rowsAtRest}. */
export function shardRule({ shards }: Rule, shard: string, group: string): ShardRule {
  const places = shards.flatMap((each, index) => (each === shard ? [index] : []));
  const [first, second] = places;
  if (first === undefined) return NONE;
  if (shards.length === 1) return ALL;
  const step = second === undefined ? shards.length : second - first;
  const isEven = shards.length % step === 0 && places.length === shards.length / step && places.every((place) => place % step === first);
  if (isEven) return { modulus: step, residue: first };
  throw new ConfigurationError([
    `Group ${group}: shard "${shard}" stands several times in a rule of ${shards.length}, unevenly. Such a rule cannot be fenced.`,
  ]);
}

interface Piece {
  readonly since: Position;
  readonly upto: Position;
  readonly rule: Rule;
}

const NOBODY: Rule = { shards: [] };

function wholeLine({ segments, placement }: RoutingTable): readonly Piece[] {
  const pieces = segments.map(pieceOf);
  const [first] = pieces;
  if (!first || placement === 'hashRing' || first.since === Number.NEGATIVE_INFINITY) return pieces;
  return [{ since: Number.NEGATIVE_INFINITY, upto: first.since, rule: NOBODY }, ...pieces];
}

function pieceOf({ since, upto, rule }: Segment): Piece {
  return { since: since ?? Number.NEGATIVE_INFINITY, upto: upto ?? Number.POSITIVE_INFINITY, rule };
}

function slotsOf({ since, upto, rule }: Segment): readonly Piece[] {
  const [first, end] = [Number(since) / SLOT_LENGTH, Number(upto) / SLOT_LENGTH];
  return Array.from({ length: end - first }, (_, index) => ({
    since: (first + index) * SLOT_LENGTH,
    upto: (first + index + 1) * SLOT_LENGTH,
    rule,
  }));
}
