import { ShardingError } from './sharding-error';

/** A shard key has a value that cannot route: of another type than its column, or one that databases compare in different ways. */
export class ShardKeyInvalidError extends ShardingError {
  override readonly code = 'ERR_SHARD_KEY_INVALID';

  constructor(
    /** What the key belongs to, for example `User.guid`. */
    readonly property: string,
    /** Why the value cannot route; never the value itself. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${property} cannot route: ${reason}.`, options);
  }
}
