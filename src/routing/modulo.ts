import { orderedPlacement } from './ordered-placement';
import type { Placement } from './placement';
import type { ShardName } from './rule';

/** Where an epoch begins, and among whom its keys are divided. */
export interface EpochEntry {
  /** First key (inclusive): an integer or a string of one. */
  readonly from: number | bigint | string;
  /** The owner of a key is `shards[key mod shards.length]`; a name may stand several times. */
  readonly shards: readonly ShardName[];
}

/**
 * Places ordered keys by their remainder; integers are exact beyond 2^53, and negative ones have the remainder that follows on.
 *
 * A list of names is one rule for all keys. Several entries are epochs: keys below the next `from` stay under their rule for good.
 * Keys below the first `from` have no owner. Faults are reported by `compile`.
 */
export function modulo(shards: readonly ShardName[] | readonly EpochEntry[]): Placement {
  if (shards.every((shard) => typeof shard === 'string')) {
    return orderedPlacement('modulo', [{ from: Number.NEGATIVE_INFINITY, shards }], `modulo (${shards.length} shards)`);
  }
  return orderedPlacement('modulo', shards as readonly EpochEntry[], `modulo (${shards.length} epochs)`);
}
