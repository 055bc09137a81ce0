import { ShardingError } from './sharding-error';

/** A position lies outside the line that a placement divides, for example below the first range, so no shard owns it. */
export class PositionUnownedError extends ShardingError {
  override readonly code = 'ERR_POSITION_UNOWNED';

  constructor(
    /** The kind of the placement, for example `ranges`. */
    readonly placement: string,
    options?: ErrorOptions,
  ) {
    super(
      `The key's position lies outside what the ${placement} placement divides, so no shard owns it. ` +
        'Check the key, or add to the placement an entry whose "from" covers it.',
      options,
    );
  }
}
