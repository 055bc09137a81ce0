import { ShardingError } from './sharding-error';

/** A session that stands in the way, as far as the database tells; without the text of its statements, which may hold keys. */
export interface Blocker {
  /** The server's id of the session, as `KILL` or `pg_terminate_backend` take it. */
  readonly session: string;
  /** The user of the connection that is in the way. */
  readonly user: string;
  /** What it does, in the server's own words. */
  readonly state: string;
  /** For how long its transaction has been open, in milliseconds. */
  readonly openMs: number;
}

/** Other sessions kept a table or a row for as long as the caller was willing to wait. Nothing is left half done. */
export class FenceBlockedError extends ShardingError {
  override readonly code = 'ERR_FENCE_BLOCKED';
  override readonly retryable = true;

  constructor(
    /** Name of the shard. */
    readonly shard: string,
    /** What was waited for, for example `the triggers of topic`. */
    readonly subject: string,
    /** Who was in the way at the last attempt. */
    readonly blockers: readonly Blocker[],
    options?: ErrorOptions,
  ) {
    const sessions = blockers.map(({ session, user, openMs }) => `${session} (${user}, open for ${openMs} ms)`);
    super(
      `Shard "${shard}" did not come free for ${subject} in the time given. ` +
        `Open transactions: ${sessions.join(', ') || 'none that can be seen'}. End them, or try again when they have ended.`,
      options,
    );
  }
}
