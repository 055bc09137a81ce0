import type { ShardRule } from '../../fence';
import type { Rule } from '../../routing';

/** The part of one shard. */
export interface Part {
  readonly shard: string;
  readonly rule: ShardRule;
}

/** A rule that parts make up: nobody's when all of them are nothing. Undefined when two shards claim one position, or one has no owner. */
export type Composed = Rule | 'nobody' | undefined;

/** Puts together what several shards say they own. */
export function composeRule(parts: readonly Part[]): Composed {
  const owning = parts.filter(({ rule }) => rule.modulus > 0);
  if (owning.length === 0) return 'nobody';
  const length = owning.map(({ rule }) => rule.modulus).reduce(leastCommonMultiple, 1);
  const shards: (string | undefined)[] = Array.from({ length });
  for (const { shard, rule } of owning) {
    for (let at = rule.residue; at < length; at += rule.modulus) {
      if (shards[at] !== undefined) return undefined;
      shards[at] = shard;
    }
  }
  const complete = shards.filter((shard) => shard !== undefined);
  return complete.length === length ? { shards: complete } : undefined;
}

function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
