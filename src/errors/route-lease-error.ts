import { ShardingError } from './sharding-error';

/** The topology store does not answer, and what this process knows is too old for the call. Calls with a key go on. */
export class RouteLeaseError extends ShardingError {
  override readonly code = 'ERR_ROUTE_LEASE';
  override readonly retryable = true;

  constructor(
    /** The call, as users know it. */
    readonly operation: string,
    options?: ErrorOptions,
  ) {
    super(
      `${operation} needs the newest topology, and the topology store does not answer; the cause says why. ` +
        'Nothing was sent. Calls that name a shard key go on; see that the store is up, and try again.',
      options,
    );
  }
}
