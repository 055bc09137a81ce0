import { orderedPlacement } from './ordered-placement';
import type { Placement } from './placement';
import type { ShardName } from './rule';

/** Where a range begins, and who owns it up to where the next one begins. */
export interface RangeEntry {
  /** First key (inclusive): an integer, a string of one, a Date, or an ISO date, with a zone if it has a time. */
  readonly from: number | bigint | string | Date;
  /** The owner of the range. */
  readonly shard: ShardName;
}

/**
 * Places ordered keys by ranges; integers are exact beyond 2^53.
 *
 * The order given does not matter, and a shard may own several ranges. Keys below the first range have no owner. Faults, such as two
 * ranges with one start, are reported by `compile`.
 */
export function ranges(ranges: readonly RangeEntry[]): Placement {
  const entries = ranges.map(({ from, shard }) => ({ from, shards: [shard] }));
  return orderedPlacement('ranges', entries, `ranges (${entries.length})`);
}
