import { ShardingError } from './sharding-error';

/** A plan cannot be made or started. Nothing was changed. */
export class ReshardRefusedError extends ShardingError {
  override readonly code = 'ERR_RESHARD_REFUSED';

  constructor(
    /** One sentence for each reason. */
    readonly reasons: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`Resharding was refused: ${reasons.join(' ')}`, options);
  }
}
