import { ShardingError } from './sharding-error';

/** A call by shard key was made for an entity that has none: a reference table or an unsharded entity. */
export class NotShardedError extends ShardingError {
  override readonly code = 'ERR_NOT_SHARDED';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    options?: ErrorOptions,
  ) {
    super(`${entity} has no shard key, so no key leads to a shard. Use onShard(name), or call the repository as it is.`, options);
  }
}
