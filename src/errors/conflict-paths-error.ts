import { ShardingError } from './sharding-error';

/** An `upsert` looks for conflicts without regard to the shard key, so it could change the key of a stored row. */
export class ConflictPathsError extends ShardingError {
  override readonly code = 'ERR_CONFLICT_PATHS';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    /** The key properties that the conflict paths lack. */
    readonly missing: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      `upsert of ${entity} must name the shard key among its conflict paths (missing: ${missing.join(', ')}). ` +
        'Make the shard key part of the unique index and of the conflict paths.',
      options,
    );
  }
}
