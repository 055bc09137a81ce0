import { ShardingError } from './sharding-error';

/**
 * The topology store did not do what it was asked, and surely changed nothing. The driver's error, where there is one, is the `cause`.
 */
export class TopologyStoreError extends ShardingError {
  override readonly code = 'ERR_TOPOLOGY_STORE';
  override readonly retryable: boolean;

  constructor(
    /** The member of the store that failed, for example `read`. */
    readonly operation: string,
    reason: string,
    options: ErrorOptions & { readonly retryable?: boolean } = {},
  ) {
    super(`The topology store failed in ${operation}: ${reason}`, options);
    this.retryable = options.retryable ?? false;
  }
}
