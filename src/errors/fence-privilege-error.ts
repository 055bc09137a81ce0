import { ShardingError } from './sharding-error';

/** The user of a database may not do what the fence needs. Nothing was changed, or what was changed is complete in itself. */
export class FencePrivilegeError extends ShardingError {
  override readonly code = 'ERR_FENCE_PRIVILEGE';

  constructor(
    /** Name of the shard. */
    readonly shard: string,
    /** What could not be done, for example `create the triggers of topic`. */
    readonly operation: string,
    /** What to grant or to set. */
    readonly grant: string,
    options?: ErrorOptions,
  ) {
    super(`The user of shard "${shard}" may not ${operation}. ${grant}`, options);
  }
}
