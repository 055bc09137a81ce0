import { ShardingError } from './sharding-error';

/** Databases hold another cluster, another shard or another placement than the configuration says. */
export class IdentityError extends ShardingError {
  override readonly code = 'ERR_IDENTITY';

  constructor(
    /** One sentence for each difference found. */
    readonly differences: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      `The databases do not belong to this configuration:\n${differences.map((difference) => `  - ${difference}`).join('\n')}\n` +
        'Nothing was changed. Restore the list of shards, weights and placement with which the databases were written; ' +
        'rows would not be found under another one.',
      options,
    );
  }
}
