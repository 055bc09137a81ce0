import { ShardingError } from '../errors';

/** The command was called in a way that cannot work: nothing was done. */
export class UsageError extends ShardingError {
  override readonly code = 'ERR_USAGE';
}
