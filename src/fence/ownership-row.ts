import { integerOf, type Position } from '../routing';
import { FAR_END } from './control-tables';

/** Which positions of a row a shard owns: those with `position mod modulus = residue` (floor modulus); none for modulus 0. */
export interface ShardRule {
  readonly modulus: number;
  readonly residue: number;
}

/** Names one row of `_shard_ownership`. */
export interface OwnershipKey {
  readonly shard: string;
  readonly group: string;
  /** Where the row begins (inclusive); `-Infinity`: it has no beginning. */
  readonly since: Position;
}

/**
 * What one shard knows of one stretch of a group's line. Always `since ≤ frontier ≤ watermark ≤ upto`.
 *
 *   position ≥ watermark   the new rule says who writes
 *   position ≥ frontier    frozen: nobody but the mover, and only arrivals
 *   position ≥ capture     the old rule says who writes, and every key written is logged
 *   below                  the old rule says who writes
 *
 * At rest both rules are the same and all marks are at `since`. A move begins with all marks at `upto` and lowers the watermark.
 */
export interface OwnershipRow extends OwnershipKey {
  /** Where it ends (exclusive); `Infinity`: it has no end. */
  readonly upto: Position;
  readonly oldRule: ShardRule;
  readonly newRule: ShardRule;
  readonly watermark: Position;
  readonly frontier: Position;
  readonly capture: Position;
  /** Of the mover that may change this row; it only grows. 0 before the first. */
  readonly token: number;
  /** The topology version that the row was last brought to. */
  readonly version: number;
}

/** The rule of a shard that owns all. */
export const ALL: ShardRule = Object.freeze({ modulus: 1, residue: 0 });

/** The rule of a shard that owns nothing. */
export const NONE: ShardRule = Object.freeze({ modulus: 0, residue: 0 });

/** Whether two rules give the shard the same positions. */
export function isSameShardRule(a: ShardRule, b: ShardRule): boolean {
  return a.modulus === b.modulus && a.residue === b.residue;
}

/** Writes a position as the database has it. */
export function positionText(position: Position): string {
  if (position === Number.POSITIVE_INFINITY) return FAR_END;
  return position === Number.NEGATIVE_INFINITY ? `-${FAR_END}` : String(position);
}

/** Reads a position as a database writes it; SQLite writes the far ends as `1.0e+20`. */
export function positionFrom(text: string): Position {
  if (text === FAR_END || text === '1.0e+20') return Number.POSITIVE_INFINITY;
  if (text === `-${FAR_END}` || text === '-1.0e+20') return Number.NEGATIVE_INFINITY;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : integerOf(BigInt(text));
}
