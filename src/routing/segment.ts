import type { Position } from './position';
import type { Rule } from './rule';

/** A stretch of the line under one rule. */
export interface Segment {
  /** Where it begins (inclusive); null: it has no beginning. */
  readonly since: Position | null;
  /** Where it ends (exclusive); null: it has no end. */
  readonly upto: Position | null;
  /** Who owns its positions. */
  readonly rule: Rule;
}

/** Gives an end of a stretch the form that segments have: null where it is infinite. */
export function finiteOrNull(position: Position): Position | null {
  return position === Number.POSITIVE_INFINITY || position === Number.NEGATIVE_INFINITY ? null : position;
}

/** The first of a line's pieces, which are in order, that ends above a position: the one that covers it, if any does; their count if none. */
export function firstEndingAbove(pieces: readonly Pick<Segment, 'upto'>[], position: Position): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.upto ?? Number.POSITIVE_INFINITY) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
