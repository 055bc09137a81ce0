import { ShardingError } from './sharding-error';

/** A row was to be written on a shard that does not own its key, or related rows of one call belong to different shards. */
export class WrongShardError extends ShardingError {
  override readonly code = 'ERR_WRONG_SHARD';

  constructor(
    readonly entity: string,
    /** The shard that owns the row's key. */
    readonly owner: string,
    /** The shard on which it was to be written. */
    readonly shard: string,
    options?: ErrorOptions,
  ) {
    super(
      `A ${entity} belongs to shard "${owner}" by its key and cannot be written on shard "${shard}". Write it by its own key.`,
      options,
    );
  }
}
