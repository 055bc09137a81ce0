import { comparePositions, type Position } from './position';
import { type Rule, ruleOf, type ShardName } from './rule';

/** The kinds of placement. */
export type PlacementKind = 'hashRing' | 'ranges' | 'modulo';

/**
 * A compiled placement as plain sorted columns, without objects per segment, because a classic ring has 160,000 of them.
 *
 * Segment `i` runs from `starts[i]` (inclusive) to `starts[i + 1]`, the last one to `end` (exclusive), under `rules[ruleIndexes[i]]`.
 * Neighbours have different rules, and equal rules have one index, so equal ownership gives equal layouts.
 */
export interface Layout {
  readonly placement: PlacementKind;
  /** What besides the layout the placement was made from, for the checksum, for example `virtualNodes=160`. */
  readonly parameters: string;
  /** Ascending; the first may be `-Infinity`. */
  readonly starts: ArrayLike<Position>;
  readonly ruleIndexes: ArrayLike<number>;
  readonly rules: readonly Rule[];
  /** Where the line ends (exclusive), or `Infinity`. */
  readonly end: Position;
  /** For a ring of equal slots: the rule's index of each, so that a look-up needs no search. */
  readonly slots?: Uint16Array;
}

/** A start and the shards that own from there on. */
export interface LayoutEntry {
  readonly from: Position;
  readonly shards: readonly ShardName[];
}

/** Lays out entries of ordered keys: sorts them and joins neighbours under one rule. The line has no end. */
export function orderedLayout(placement: PlacementKind, entries: readonly LayoutEntry[]): Layout {
  const rules: Rule[] = [];
  const indexByShards = new Map<string, number>();
  const internRule = (shards: readonly ShardName[]): number => {
    const rule = ruleOf(shards);
    const key = JSON.stringify(rule.shards);
    const index = indexByShards.get(key) ?? rules.push(rule) - 1;
    indexByShards.set(key, index);
    return index;
  };
  const sorted = [...entries].sort((a, b) => comparePositions(a.from, b.from));
  const indexes = sorted.map(({ shards }) => internRule(shards));
  const isFirst = (_: unknown, index: number) => indexes[index] !== indexes[index - 1];
  const starts = sorted.map(({ from }) => from).filter(isFirst);
  return { placement, parameters: '', starts, ruleIndexes: indexes.filter(isFirst), rules, end: Number.POSITIVE_INFINITY };
}
