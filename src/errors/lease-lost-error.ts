import { ShardingError } from './sharding-error';

/** Another process has taken over what this one was moving. Its transaction was rolled back; it must not go on. */
export class LeaseLostError extends ShardingError {
  override readonly code = 'ERR_LEASE_LOST';

  constructor(
    /** Name of the shard. */
    readonly shard: string,
    /** Name of the group. */
    readonly group: string,
    options?: ErrorOptions,
  ) {
    super(
      `The right to move these rows of group ${group} on shard "${shard}" belongs to another process by now. Nothing was changed. ` +
        'That process goes on with the move; there is nothing to do.',
      options,
    );
  }
}
