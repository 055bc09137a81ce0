import { ShardingError } from './sharding-error';

/** A layout's value does not survive JSON unchanged, or is too large for its column. */
export class LayoutValueError extends ShardingError {
  override readonly code = 'ERR_LAYOUT_VALUE';

  constructor(
    /** Name of the layout class. */
    readonly layout: string,
    /** What is wrong; never the value itself. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`A value of ${layout} cannot be stored: ${reason}.`, options);
  }
}
