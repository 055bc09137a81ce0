import { ShardingError } from './sharding-error';

/** One shard refused a statement or could not be reached. TypeORM's or the driver's error is the `cause`. */
export class ShardError extends ShardingError {
  override readonly code = 'ERR_SHARD_FAILED';
  override readonly retryable: boolean;

  constructor(
    /** Name of the shard. */
    readonly shard: string,
    /** Name or number that the driver gave the fault, for example `ER_DUP_ENTRY` or `23505`; undefined when it gave none. */
    readonly driverCode: string | undefined,
    options: ErrorOptions & { readonly retryable?: boolean },
  ) {
    const kind = options.cause?.constructor.name ?? 'unknown error';
    super(`Shard "${shard}" failed: ${[kind, driverCode].filter(Boolean).join(' ')}. The cause has the details.`, options);
    this.retryable = options.retryable ?? false;
  }
}
