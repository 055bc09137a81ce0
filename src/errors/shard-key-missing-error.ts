import { ShardingError } from './sharding-error';

/** A call reached a sharded entity without a value for its shard key. */
export class ShardKeyMissingError extends ShardingError {
  override readonly code = 'ERR_SHARD_KEY_MISSING';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    /** The key properties without a value. */
    readonly properties: readonly string[],
    options?: ErrorOptions,
  ) {
    const names = properties.map((property) => `${entity}.${property}`).join(', ');
    super(`${names} has no value, so the owning shard is unknown. Set it before the call, or name the shard with forKey(key).`, options);
  }
}
