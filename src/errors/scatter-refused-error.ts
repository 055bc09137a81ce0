import { ShardingError } from './sharding-error';

/** A criteria write whose shard is not proved was refused before anything was sent. */
export class ScatterRefusedError extends ShardingError {
  override readonly code = 'ERR_SCATTER_REFUSED';

  constructor(
    readonly entity: string,
    /** The call, for example `update`. */
    readonly operation: string,
    options?: ErrorOptions,
  ) {
    super(
      `${operation} on ${entity} does not name the shard key, so it would write on every shard. ` +
        "Add the key to the criteria, call acrossShards() first, or set scatter: { writes: 'allow' }.",
      options,
    );
  }
}
