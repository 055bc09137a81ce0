import { ConfigurationError, UnknownShardError } from '../../errors';
import type { DriverFault } from './driver-fault';
import { ShardState } from './shard-state';

/**
 * Lets shards of a test cluster fail as databases do. The application sees what it would see in production: `ERR_SHARD_FAILED` with the
 * driver's code and the same `retryable`, and within a scatter `ERR_SHARDS_FAILED`.
 *
 * A fault stays until {@link up}, {@link clear} or the cluster's own `clear()`; those of {@link failNext} and {@link loseCommit} are
 * used up. Unknown names throw `UnknownShardError`.
 */
export class ShardFaults {
  readonly #states: ReadonlyMap<string, ShardState>;

  /** @internal */
  constructor(shards: readonly string[]) {
    this.#states = new Map(shards.map((name) => [name, new ShardState()]));
  }

  /**
   * Lets nothing reach the shard: new statements are refused, and open transactions break and are rolled back by the database.
   *
   * @param options.error - what the driver throws; defaults to `ECONNREFUSED`, in an open transaction to `PROTOCOL_CONNECTION_LOST`.
   */
  down(shard: string, options: { readonly error?: DriverFault } = {}): void {
    this.stateOf(shard).down = { error: options.error };
  }

  /** Ends all faults of the shard; statements that wait go on at once. */
  up(shard: string): void {
    this.stateOf(shard).heal();
  }

  /**
   * Lets every statement wait before the database gets it. A call that has a timeout or a signal ends in time, and what it still
   * waits for is cancelled then, so the database never gets it.
   *
   * @param delayMs - 0 ends it.
   */
  slow(shard: string, delayMs: number): void {
    if (!(delayMs >= 0 && delayMs < 2 ** 31)) throw new ConfigurationError([`slow("${shard}") needs a delay in milliseconds.`]);
    this.stateOf(shard).delayMs = delayMs;
  }

  /**
   * Breaks the connection in the commit of the next transactions, also of those that `save` and `remove` make.
   *
   * @param options.applied - whether the database has committed, and only its answer is lost; else it has rolled back.
   * @param options.times - how many commits; defaults to 1.
   */
  loseCommit(shard: string, options: { readonly applied: boolean; readonly times?: number }): void {
    this.stateOf(shard).loseCommit({ applied: options.applied, left: timesOf(options.times) });
  }

  /**
   * Lets the next statements fail that match; those that do not match go on.
   *
   * @param options.matching - held against the SQL, `BEGIN TRANSACTION` and `COMMIT` included; defaults to any statement.
   * @param options.error - what the driver throws; defaults to `ER_LOCK_DEADLOCK`. One that says that the connection is lost breaks it.
   * @param options.times - how many statements; defaults to 1.
   */
  failNext(shard: string, options: { readonly matching?: RegExp; readonly error?: DriverFault; readonly times?: number } = {}): void {
    const { matching, error = 'ER_LOCK_DEADLOCK', times } = options;
    this.stateOf(shard).fail({ matching, error, left: timesOf(times) });
  }

  /** Ends all faults of all shards. */
  clear(): void {
    for (const state of this.#states.values()) state.heal();
  }

  /** @internal */
  stateOf(shard: string): ShardState {
    const state = this.#states.get(shard);
    if (!state) throw new UnknownShardError(shard, [...this.#states.keys()]);
    return state;
  }
}

function timesOf(times = 1): number {
  if (!Number.isSafeInteger(times) || times < 1) throw new ConfigurationError(['times must be an integer from 1.']);
  return times;
}
