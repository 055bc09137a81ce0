/**
 * A point on a placement's line: for hashed keys an integer of 48 bits, for ordered keys the key itself, which is
 * a number when it is a safe integer and a bigint when it is not.
 */
export type Position = number | bigint;

/** Length of the line of hashed positions, which runs from 0 (inclusive) to here (exclusive). */
export const HASH_LINE_LENGTH = 2 ** 48;

/** Gives an integer the form that positions have: a number where that is exact, otherwise the bigint itself. */
export function positionOf(integer: bigint): Position {
  const approximate = Number(integer);
  return Number.isSafeInteger(approximate) ? approximate : integer;
}

/** Says whether a value can be a position: a bigint, or a number that is a safe integer. */
export function isPosition(value: unknown): value is Position {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

/** Orders two positions, numbers and bigints mixed, exactly; for `sort`. */
export function comparePositions(a: Position, b: Position): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The larger of two positions. `Math.max` takes no bigints. */
export function laterOf(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? b : a;
}

/** The smaller of two positions. `Math.min` takes no bigints. */
export function earlierOf(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? a : b;
}
