import { ShardingError } from './sharding-error';

/** No shard of the cluster has the given name. */
export class UnknownShardError extends ShardingError {
  override readonly code = 'ERR_UNKNOWN_SHARD';

  constructor(
    /** The name that no shard has. */
    readonly shard: string,
    /** The names that exist. */
    readonly known: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`There is no shard "${shard}". The cluster has: ${known.join(', ')}.`, options);
  }
}
