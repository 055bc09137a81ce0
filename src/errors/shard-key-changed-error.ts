import { ShardingError } from './sharding-error';

/** A write would give a stored row another shard key, and so, perhaps, another shard. */
export class ShardKeyChangedError extends ShardingError {
  override readonly code = 'ERR_SHARD_KEY_CHANGED';

  constructor(
    /** Name of the entity that was written. */
    readonly entity: string,
    /** The key properties that would change. */
    readonly properties: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      `The shard key of a stored ${entity} (${properties.join(', ')}) cannot change, because the row would have to move. ` +
        'Insert a row with the new key and remove the old one.',
      options,
    );
  }
}
