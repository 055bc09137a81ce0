import { ShardingError } from './sharding-error';

/** The shards do not compare a column alike, so no order or group over all of them is the one that a single database would give. */
export class MergeOrderError extends ShardingError {
  override readonly code = 'ERR_MERGE_ORDER';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    /** The column, or the expression, that is compared. */
    readonly column: string,
    /** Why the shards do not give one order, for people. */
    readonly reason: string,
    /** What to do about it, as a sentence. */
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${entity}.${column} cannot be merged over several shards: ${reason}. ${remedy}`, options);
  }
}
