import { ShardingError } from './sharding-error';

/** The cluster, or a shard that is opened on request, was used before it was opened or after it was closed. */
export class NotInitializedError extends ShardingError {
  override readonly code = 'ERR_NOT_INITIALIZED';

  constructor(
    /** Name of the shard; undefined for the whole cluster. */
    readonly shard?: string,
    options?: ErrorOptions,
  ) {
    super(
      shard === undefined
        ? 'The ShardedDataSource is not initialized. Await cluster.initialize() before the first call, and make none after destroy().'
        : `Shard "${shard}" is not open. Await cluster.open("${shard}") first.`,
      options,
    );
  }
}
