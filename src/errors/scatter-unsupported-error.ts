import { ShardingError } from './sharding-error';

/** A read that proves no single shard needs an answer that concatenation cannot give, for example a global order or a page. */
export class ScatterUnsupportedError extends ShardingError {
  override readonly code = 'ERR_SCATTER_UNSUPPORTED';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    /** The call, for example `find`. */
    readonly operation: string,
    /** What of the call cannot be answered over several shards, for example `order`. */
    readonly feature: string,
    options?: ErrorOptions,
  ) {
    super(
      `${operation} on ${entity} with ${feature} is not supported over several shards. ` +
        'Add the shard key to the criteria, or name one shard with forKey(key) or onShard(name).',
      options,
    );
  }
}
