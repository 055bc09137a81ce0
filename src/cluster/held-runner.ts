import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager, QueryRunner } from 'typeorm';
import type { CallEnd } from './call-end';
import type { ShardHandle } from './shard';
import type { AdaptRunner } from './shard-access';
import { CANCEL_GRACE_MS, cancellerOf, type StatementCanceller } from './statement-canceller';

/*
 * A query runner that is held for one call is in one of these states:
 *
 *   connecting   the pool has given no connection and nothing was sent; a call that ends here gives back what it gets later
 *   working      the call sends statements, each of which is accounted
 *   abandoned    the call is over: nothing but a rollback passes any more, and the server is asked, again and again since a statement
 *                may have been on its way, to end what it runs
 *   released     nothing runs and no cancellation is on its way, so none can hit the connection's next user
 *   closed       the server did not end the statement within the grace, or left a transaction open: the pool makes a new connection
 */

/** How long to wait before a statement that still runs is cancelled again, in milliseconds. */
const CANCEL_AGAIN_MS = 100;

/** What is run on a runner of its own. */
export interface HeldCall<T> {
  readonly end: CallEnd;
  /** Whether a replicated database itself has to answer, and not a replica of it. */
  readonly isWrite: boolean;
  /** Is given the runner before its first statement. */
  readonly adapt?: AdaptRunner;
  readonly run: (manager: EntityManager) => Promise<T>;
}

/**
 * Runs a call on a connection that is known, so that what runs on it can be cancelled when the call is over.
 *
 * It returns as soon as the call is over; the connection is cleaned up after, and the shard is not closed before.
 * @throws the error of the call's end when it is over first.
 */
export async function runHeld<T>(shard: ShardHandle, call: HeldCall<T>): Promise<T> {
  const { end } = call;
  end.throwIfOver();
  const source = shard.current ?? (await end.race(shard.open()));
  const runner = source.createQueryRunner(call.isWrite ? 'master' : source.defaultReplicationModeForReads());
  call.adapt?.(runner);
  const connected: Promise<unknown> = runner.connect();
  try {
    await end.race(connected);
  } catch (error) {
    if (end.isOver) shard.closeAfter(releaseLater(runner, connected));
    throw error;
  }
  return workOn(shard, new HeldRunner(runner, cancellerOf(source)), call);
}

async function workOn<T>(shard: ShardHandle, held: HeldRunner, { end, run }: HeldCall<T>): Promise<T> {
  // What throws before it answers gives its connection back too.
  const work = (async () => run(held.runner.manager))();
  try {
    return await end.race(work);
  } finally {
    if (end.isOver) shard.closeAfter(held.abandon(work));
    else await held.runner.release();
  }
}

/** The pool gives a connection to whoever waits, also when the call that wanted it is over. */
async function releaseLater(runner: QueryRunner, connected: Promise<unknown>): Promise<void> {
  // Without a connection there is nothing to release, and the call was told its own error.
  await connected.then(() => runner.release()).catch(() => undefined);
}

/** A query runner whose statements are accounted. */
class HeldRunner {
  readonly #running = new Set<Promise<unknown>>();
  #isAbandoned = false;
  #isCancelled = false;

  constructor(
    readonly runner: QueryRunner,
    readonly canceller: StatementCanceller | undefined,
  ) {
    const { query } = runner;
    runner.query = (...args: Parameters<QueryRunner['query']>) => {
      if (this.#isAbandoned && !/^\s*rollback\b/i.test(args[0])) return Promise.reject(new Error('The call is over.'));
      return this.#accounted(query.apply(runner, args));
    };
  }

  /** Ends what the call still runs and gives the connection back, or closes it. It never rejects. */
  async abandon(work: Promise<unknown>): Promise<void> {
    this.#isAbandoned = true;
    const stop = new AbortController();
    try {
      const isClean = (await this.#drain(work, stop.signal)) && (await this.#absorb(stop.signal));
      if (!isClean) this.canceller?.closeConnection(await this.runner.connect());
      await this.runner.release();
    } catch {
      // The call has its error; what cannot even be released is broken, and the pool drops it.
    } finally {
      stop.abort();
    }
  }

  #accounted<T>(statement: Promise<T>): Promise<T> {
    this.#running.add(statement);
    const done = () => void this.#running.delete(statement);
    statement.then(done, done);
    return statement;
  }

  /** Waits until nothing of the call runs. @returns false when it still does after the grace. */
  async #drain(work: Promise<unknown>, stopped: AbortSignal): Promise<boolean> {
    const quiet = this.#quiet(work);
    // What is embedded cannot be interrupted, and has no other connection that could be used meanwhile.
    if (!this.canceller) return quiet;
    const late = waited(CANCEL_GRACE_MS, stopped).then(() => false);
    for (;;) {
      const asked = this.#cancel();
      const settled = Promise.race([quiet, waited(CANCEL_AGAIN_MS, stopped)]);
      const outcome = await Promise.race([asked.then(() => settled), late]);
      if (outcome !== undefined) return outcome;
    }
  }

  async #quiet(work: Promise<unknown>): Promise<true> {
    await Promise.allSettled([work]);
    await Promise.allSettled([...this.#running]);
    return true;
  }

  async #cancel(): Promise<void> {
    if (this.#running.size === 0) return;
    this.#isCancelled = true;
    // It is asked again while the statement runs; when no answer is had at all, the connection is closed.
    await this.canceller?.cancelStatement(await this.runner.connect()).catch(() => undefined);
  }

  /** Lets a cancellation that came late hit a statement of no use. @returns whether the connection answers. */
  async #absorb(stopped: AbortSignal): Promise<boolean> {
    if (this.runner.isTransactionActive) return false;
    if (!this.#isCancelled || !this.canceller) return true;
    const answers = () => this.canceller?.absorbCancel(connection).then(() => true as const) ?? Promise.resolve(false);
    const connection: unknown = await this.runner.connect();
    const late = waited(CANCEL_GRACE_MS, stopped).then(() => false);
    // The first may be what the cancellation hits; a connection that fails twice is broken.
    return Promise.race([answers().catch(() => answers().catch(() => false)), late]);
  }
}

/** Waits for a time, or, without a word, until the wait is of no use. */
async function waited(ms: number, stopped: AbortSignal): Promise<undefined> {
  await delay(ms, undefined, { signal: stopped }).catch(() => undefined);
}
