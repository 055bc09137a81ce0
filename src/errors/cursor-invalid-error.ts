import { ShardingError } from './sharding-error';

/** A cursor given to `findPage` is not one that this query can go on from. */
export class CursorInvalidError extends ShardingError {
  override readonly code = 'ERR_CURSOR_INVALID';

  constructor(
    /** Name of the entity that was called. */
    readonly entity: string,
    /** What is wrong with it. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `The cursor for a page of ${entity} cannot be used: ${reason}. ` +
        'Give the cursor of a page of the same query, with the same conditions and order, or none to begin again.',
      options,
    );
  }
}
