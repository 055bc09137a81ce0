import { ShardError } from './shard-error';
import { ShardingError } from './sharding-error';

/** What happened on one shard of a call that went to several. */
export interface ShardFailure {
  /** Name of the shard. */
  readonly shard: string;
  /** What it threw. */
  readonly error: unknown;
}

/** A call went to several shards and failed on at least one of them. What was committed on the others stays. */
export class ShardsFailedError extends ShardingError {
  override readonly code = 'ERR_SHARDS_FAILED';
  override readonly retryable: boolean;

  constructor(
    /** What was done, for example `save`. */
    readonly operation: string,
    /** The shards that failed, each with its error. */
    readonly failed: readonly ShardFailure[],
    /** The shards on which the call was completed. */
    readonly succeeded: readonly string[],
    /** The shards on which nothing was done: they were not asked, or what was done there was rolled back. */
    readonly notAttempted: readonly string[] = [],
  ) {
    const names = (shards: readonly string[]) => (shards.length === 0 ? 'none' : shards.join(', '));
    super(
      `${operation} failed on shard(s) ${names(failed.map(described))}; completed on: ${names(succeeded)}` +
        `${notAttempted.length > 0 ? `; nothing done on: ${names(notAttempted)}` : ''}. The cause has each shard's error.`,
      { cause: new AggregateError(failed.map(({ error }) => error)) },
    );
    this.retryable = failed.every(({ error }) => error instanceof ShardingError && error.retryable);
  }
}

/** The shard with what its driver calls the fault, since consoles cut nested causes off. */
function described({ shard, error }: ShardFailure): string {
  return error instanceof ShardError && error.driverCode !== undefined ? `${shard} (${error.driverCode})` : shard;
}
