/**
 * Root of every error that this library throws.
 *
 * The message says what happened, to which object and what to do; it never holds a key's value, a row or a password.
 * The driver's or TypeORM's own error, where there is one, is the `cause`.
 */
export abstract class ShardingError extends Error {
  /** Stable name of the fault, for programs. It never changes once released. */
  abstract readonly code: string;

  /**
   * Whether the same call may succeed when it is made again, without any other change.
   *
   * It does not say that nothing was done: a write whose connection broke may have been committed.
   */
  readonly retryable: boolean = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
