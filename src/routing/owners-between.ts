import type { Layout } from './layout';
import { earlierOf, laterOf, type Position } from './position';
import { indexUnder, type ShardName } from './rule';

/** An interval of positions, both ends inclusive; an end may be infinite. */
interface Interval {
  readonly low: Position;
  readonly high: Position;
}

/**
 * Collects the owners of an interval's positions, and no other shard.
 *
 * @param firstSegment - The segment in which the interval begins; 0 when it begins before all.
 * @param ownerCount - How many shards the table has, so that the walk can stop when it has met all.
 */
export function collectOwners(layout: Layout, interval: Interval, firstSegment: number, ownerCount: number): ReadonlySet<ShardName> {
  const owners = new Set<ShardName>();
  const { starts, ruleIndexes, rules, end } = layout;
  for (let index = firstSegment; index < starts.length && starts[index]! <= interval.high; index += 1) {
    const last = before(starts[index + 1] ?? end);
    const within = { low: laterOf(interval.low, starts[index]!), high: earlierOf(interval.high, last) };
    addOwners(owners, rules[ruleIndexes[index]!]!.shards, within);
    if (owners.size === ownerCount) break;
  }
  return owners;
}

function addOwners(owners: Set<ShardName>, shards: readonly ShardName[], { low, high }: Interval): void {
  if (low > high) return;
  if (shards.length === 1 || spansAll(shards.length, low, high)) {
    for (const shard of shards) owners.add(shard);
    return;
  }
  const modulus = BigInt(shards.length);
  for (let position = BigInt(low); position <= high; position += 1n) owners.add(shards[indexUnder(position, shards.length, modulus)]!);
}

function spansAll(count: number, low: Position, high: Position): boolean {
  if (low === Number.NEGATIVE_INFINITY || high === Number.POSITIVE_INFINITY) return true;
  return BigInt(high) - BigInt(low) + 1n >= count;
}

function before(position: Position): Position {
  if (typeof position === 'number' && (position > Number.MIN_SAFE_INTEGER || position === Number.NEGATIVE_INFINITY)) return position - 1;
  return BigInt(position) - 1n;
}
