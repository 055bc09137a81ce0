import { ShardingError } from './sharding-error';

/** A row was to be read or written on a shard that does not own its key, or related rows of one call belong to different shards. */
export class WrongShardError extends ShardingError {
  override readonly code = 'ERR_WRONG_SHARD';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    /** The shard that owns the row's key. */
    readonly owner: string,
    /** The shard that the call was for. */
    readonly shard: string,
    options?: ErrorOptions,
  ) {
    super(
      `A ${entity} belongs to shard "${owner}" by its key and cannot be read or written on shard "${shard}". Go by its own key.`,
      options,
    );
  }
}
