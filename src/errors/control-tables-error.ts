import { ShardingError } from './sharding-error';

/** The control tables of a database are missing, of another version, or do not say what they must. */
export class ControlTablesError extends ShardingError {
  override readonly code = 'ERR_CONTROL_TABLES';

  constructor(
    /** Name of the shard. */
    readonly shard: string,
    /** Completes the sentence "The control tables of shard … cannot be used: …". */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`The control tables of shard "${shard}" cannot be used: ${reason}.`, options);
  }
}
