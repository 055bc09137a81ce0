import { type DriverFault, driverError } from './driver-fault';

/** A statement that is to fail. */
interface Failure {
  readonly matching: RegExp | undefined;
  readonly error: DriverFault;
  left: number;
}

/** A commit whose connection is to break. */
interface LostCommit {
  readonly applied: boolean;
  left: number;
}

/** What a test has done to one shard. */
export class ShardState {
  /** Why nothing reaches the shard; undefined while it is up. */
  down: { readonly error: DriverFault | undefined } | undefined;
  /** How long each statement waits before the database gets it, in milliseconds. */
  delayMs = 0;
  readonly #failures: Failure[] = [];
  readonly #lostCommits: LostCommit[] = [];
  readonly #waits = new Set<() => void>();

  /** Lets the next statements fail. */
  fail(failure: Failure): void {
    this.#failures.push(failure);
  }

  /** Lets the next commits lose their connection. */
  loseCommit(lost: LostCommit): void {
    this.#lostCommits.push(lost);
  }

  /** Ends all faults; statements that wait go on at once. */
  heal(): void {
    this.down = undefined;
    this.delayMs = 0;
    this.#failures.length = 0;
    this.#lostCommits.length = 0;
    for (const end of [...this.#waits]) end();
  }

  /** The error of the statement, when a test has asked for one; it is used up. */
  takeFailure(sql: string): Error | undefined {
    const found = this.#failures.find(({ matching }) => matching === undefined || sql.search(matching) >= 0);
    return found && driverError(taken(this.#failures, found).error);
  }

  /** How the commit loses its connection, when a test has asked for it; it is used up. */
  takeLostCommit(): LostCommit | undefined {
    const [next] = this.#lostCommits;
    return next && taken(this.#lostCommits, next);
  }

  /**
   * Waits as long as the shard is slow.
   *
   * @returns false when the signal has ended the wait.
   */
  wait(cancelled: AbortSignal): Promise<boolean> {
    if (this.delayMs === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (isOver: boolean) => () => {
        clearTimeout(timer);
        cancelled.removeEventListener('abort', cancel);
        this.#waits.delete(done);
        resolve(isOver);
      };
      const done = end(true);
      const cancel = end(false);
      const timer = setTimeout(done, this.delayMs);
      cancelled.addEventListener('abort', cancel);
      this.#waits.add(done);
    });
  }
}

function taken<T extends { left: number }>(all: T[], one: T): T {
  one.left -= 1;
  if (one.left <= 0) all.splice(all.indexOf(one), 1);
  return one;
}
