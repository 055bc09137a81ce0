import { ShardingError } from './sharding-error';

/** Rows that a transaction or a call needs have moved, or are moving. All of it was rolled back, and it may be made again. */
export class TopologyChangedError extends ShardingError {
  override readonly code = 'ERR_TOPOLOGY_CHANGED';
  override readonly retryable = true;

  constructor(
    /** Name of the shard. */
    readonly shard: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Rows on shard "${shard}" are moving: ${reason} Nothing was changed; make the call or the whole transaction again.`, options);
  }
}
