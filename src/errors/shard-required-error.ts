import { ShardingError } from './sharding-error';

/** A member of DataSource, EntityManager or Repository makes no sense without naming a shard. */
export class ShardRequiredError extends ShardingError {
  override readonly code = 'ERR_SHARD_REQUIRED';

  constructor(
    /** The member called, for example `createQueryRunner()`. */
    readonly member: string,
    /** What to call instead. */
    readonly instead: string,
    options?: ErrorOptions,
  ) {
    super(`${member} needs to know its shard. Use ${instead}.`, options);
  }
}
