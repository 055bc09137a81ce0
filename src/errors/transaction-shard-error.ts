import { ShardingError } from './sharding-error';

/** A statement inside a transaction needs another shard, or several, than the one the transaction is pinned to. */
export class TransactionShardError extends ShardingError {
  override readonly code = 'ERR_TRANSACTION_SHARD';

  constructor(
    /** The shard of the transaction; undefined when no statement has pinned it yet. */
    readonly pinned: string | undefined,
    /** The shards that the statement needs. */
    readonly needed: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      `A statement needs shard(s) ${needed.join(', ')}, but its transaction ${pinned === undefined ? 'is not pinned to one shard yet' : `runs on shard "${pinned}"`}. ` +
        'A transaction runs on one shard: add the shard key to the criteria, use forKey(key), or run the statement outside.',
      options,
    );
  }
}
