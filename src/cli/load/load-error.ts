import { ShardingError } from '../../errors';

/** The file of the data source could not be loaded, or what it does failed. The `cause` is what was thrown. */
export class LoadError extends ShardingError {
  override readonly code = 'ERR_LOAD';

  constructor(
    message: string,
    /** The file, and where known the line, as `path:line`. */
    readonly place: string,
    options?: ErrorOptions,
  ) {
    super(`${place}: ${message}`, options);
  }
}
