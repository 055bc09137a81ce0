import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { boundedTransaction, STEP_WAIT_MS } from './bounded-transaction';
import { fenceDialect } from './fence-dialect';
import { closeGate } from './gate';
import { type BeginMarks, type CommittedMarks, type FreezeMarks, type Mark, markOf, type SettleMarks } from './mark';
import type { MarkOutcome } from './mark-outcome';
import { updateOf } from './mark-statement';
import { markFree } from './marks-at-once';
import type { OwnershipKey } from './ownership-row';
import { keyCondition, keyParameters, selectRows, toRow } from './ownership-sql';

/**
 * The updates of a member's ownership rows; each may be repeated. The runner must be in no transaction.
 *
 * One mark is one row by its whole primary key, in a transaction that waits no longer than 100 ms for writers in flight; on PostgreSQL it
 * passes the row's gate first. Several rows come into one transaction only by {@link markFree}, which never waits while it holds one: a
 * transaction that does would deadlock with writers, who hold rows in another order.
 */
export class OwnershipMarks {
  readonly #source: ShardDataSource;
  readonly #waitMs: number;

  /** @param waitMs - how long one mark may wait, and hold up writers, in milliseconds. */
  constructor(source: ShardDataSource, waitMs: number = STEP_WAIT_MS) {
    this.#source = source;
    this.#waitMs = waitMs;
  }

  /** Makes those marks whose rows nobody holds. @returns the outcomes in their order; undefined: others hold the row, nothing was changed. */
  free(runner: QueryRunner, marks: readonly Mark[]): Promise<readonly (MarkOutcome | undefined)[]> {
    return markFree(this.#source, runner, marks);
  }

  /** Makes one mark; see {@link markOf}. Whether it took effect is told by the row itself, read under the same lock. */
  async apply(runner: QueryRunner, mark: Mark): Promise<MarkOutcome> {
    const source = this.#source;
    const { sql, parameters } = updateOf(source, [mark]);
    const done = await boundedTransaction(
      source,
      runner,
      async (run) => {
        await closeGate(run, source, mark.key);
        await run(sql, parameters);
        const lock = fenceDialect(source) === 'sqlite' ? '' : ' FOR UPDATE';
        const [found] = await run(`${selectRows(source, `WHERE ${keyCondition(source, 0)}`)}${lock}`, keyParameters(mark.key));
        return found && toRow(found);
      },
      this.#waitMs,
    );
    if (done.isBlocked) return { kind: 'blocked', cause: done.cause };
    const row = done.value;
    return row && mark.holds(row) ? { kind: 'done', row } : { kind: 'refused', row };
  }

  /** See {@link markOf.raise}. */
  raise(runner: QueryRunner, key: OwnershipKey, token: number): Promise<MarkOutcome> {
    return this.apply(runner, markOf.raise(key, token));
  }

  /** See {@link markOf.begin}. */
  begin(runner: QueryRunner, key: OwnershipKey, marks: BeginMarks): Promise<MarkOutcome> {
    return this.apply(runner, markOf.begin(key, marks));
  }

  /** See {@link markOf.abandon}. */
  abandon(runner: QueryRunner, key: OwnershipKey, marks: SettleMarks): Promise<MarkOutcome> {
    return this.apply(runner, markOf.abandon(key, marks));
  }

  /** See {@link markOf.settle}. */
  settle(runner: QueryRunner, key: OwnershipKey, marks: SettleMarks): Promise<MarkOutcome> {
    return this.apply(runner, markOf.settle(key, marks));
  }

  /** See {@link markOf.freeze}. */
  freeze(runner: QueryRunner, key: OwnershipKey, marks: FreezeMarks): Promise<MarkOutcome> {
    return this.apply(runner, markOf.freeze(key, marks));
  }

  /** See {@link markOf.setBack}. */
  setBack(runner: QueryRunner, key: OwnershipKey, marks: CommittedMarks & { readonly token: number }): Promise<MarkOutcome> {
    return this.apply(runner, markOf.setBack(key, marks));
  }

  /** See {@link markOf.lower}. */
  lower(runner: QueryRunner, key: OwnershipKey, marks: CommittedMarks): Promise<MarkOutcome> {
    return this.apply(runner, markOf.lower(key, marks));
  }
}
