import type { Position } from './position';

/** The name of a shard, as the configuration writes it. */
export type ShardName = string;

/** Who owns the positions of a segment: `shards[position mod shards.length]`, the modulus never negative; one shard owns all of it. */
export interface Rule {
  /** The owners, by remainder. */
  readonly shards: readonly ShardName[];
}

/**
 * Makes a rule, reduced to its shortest equivalent: `a b a b` is `a b`.
 *
 * So two rules give every position the same owner exactly when {@link isSameRule} says so.
 */
export function ruleOf(shards: readonly ShardName[]): Rule {
  return Object.freeze({ shards: Object.freeze(shards.slice(0, periodOf(shards))) });
}

/** Says whether two rules made by {@link ruleOf} give every position the same owner. */
export function isSameRule(a: Rule, b: Rule): boolean {
  return a === b || (a.shards.length === b.shards.length && a.shards.every((shard, index) => shard === b.shards[index]));
}

/**
 * Finds the place of a position's owner in `rule.shards`. It never rounds and, for number positions, never allocates.
 *
 * @param count - How many shards the rule has.
 * @param modulus - The same as a bigint.
 */
export function indexUnder(position: Position, count: number, modulus: bigint): number {
  if (count === 1) return 0;
  const remainder = typeof position === 'number' ? position % count : Number(position % modulus);
  return remainder < 0 ? remainder + count : Math.abs(remainder);
}

function periodOf(shards: readonly ShardName[]): number {
  const isPeriod = (length: number) => shards.length % length === 0 && shards.every((shard, index) => shard === shards[index % length]);
  let length = 1;
  while (length < shards.length && !isPeriod(length)) length += 1;
  return length;
}
