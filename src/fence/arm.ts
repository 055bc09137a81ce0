import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { type Blocker, FenceBlockedError } from '../errors';
import { backOff } from './back-off';
import { blockersOf } from './blockers';
import { boundedTransaction, STEP_WAIT_MS } from './bounded-transaction';
import { databaseFault } from './database-fault';
import { fenceDialect, quotedPath } from './fence-dialect';
import { guardFunction } from './guard-postgres';
import { compareGuards, type GuardState } from './guard-state';
import type { FencedGroup } from './guarded-table';
import { guardsOf } from './guards-of';
import { privileged } from './privileges';
import { withRunner } from './with-runner';

/** An attempt that others were in the way of. */
export interface BlockedAttempt {
  readonly shard: string;
  readonly table: string;
  /** How many have failed for this table, from 1. */
  readonly attempt: number;
  readonly blockers: readonly Blocker[];
}

/** Settings of {@link arm} and {@link disarm}. */
export interface ArmOptions {
  /** Ends the attempts; those made stay. Without it they go on until they succeed. */
  readonly signal?: AbortSignal;
  /** How long one attempt may hold up others, in milliseconds, 1 to 10,000. @defaultValue 100 */
  readonly waitMs?: number;
  /** Is told of each failed attempt. */
  readonly onBlocked?: (attempt: BlockedAttempt) => void;
}

/**
 * Installs the guards of a member: from then on no ordinary session can write what the member's ownership rows do not give it.
 *
 * Making a trigger waits for open transactions on its table (readers too on MariaDB, writers on PostgreSQL), and others queue behind it;
 * so each attempt waits shortly, and the next one comes after a growing pause. Idempotent; guards of another version are replaced without
 * a moment between. Writes that were in flight have ended before a table's guards stand.
 *
 * @returns the state that was reached, read back from the database.
 * @throws {FenceBlockedError} naming who was in the way when the signal aborts during a pause, else the signal's reason.
 * @throws {FencePrivilegeError} naming the grant when a right is missing.
 * @throws {ConfigurationError} when a table cannot be guarded; then nothing was sent.
 */
export function arm(source: ShardDataSource, groups: readonly FencedGroup[], options: ArmOptions = {}): Promise<GuardState> {
  const guards = guardsOf(source, groups);
  return withRunner(source, async (runner) => {
    const { guards: states, superfluous } = await compareGuards(source, runner, guards);
    const made = guards.flatMap((guard, index): readonly TableStep[] => {
      const table = guard.table.path;
      const condition = states[index]?.condition;
      if (condition === 'armed') return [];
      const create = { table, statements: guard.create };
      return condition === 'missing' ? [create] : [{ table, statements: dropStatements(source, guard.name, table) }, create];
    });
    await new Steps(source, runner, options).run([...made, ...dropped(source, superfluous)]);
    return compareGuards(source, runner, guards);
  });
}

/**
 * Drops the guards of a member, of every version, as carefully as {@link arm} installs them. Idempotent. It does not ask whether that is
 * safe: that clients with an old topology can write no more is for the caller to know.
 *
 * @throws as {@link arm}.
 */
export function disarm(source: ShardDataSource, groups: readonly FencedGroup[], options: ArmOptions = {}): Promise<void> {
  const guards = guardsOf(source, groups);
  return withRunner(source, async (runner) => {
    const { guards: states, superfluous } = await compareGuards(source, runner, guards);
    const present = states.filter(({ condition }) => condition !== 'missing');
    await new Steps(source, runner, options).run(dropped(source, [...present, ...superfluous]));
  });
}

type NamedGuard = { readonly name: string; readonly table: string };

function dropped(source: ShardDataSource, guards: readonly NamedGuard[]): readonly TableStep[] {
  return guards.map(({ name, table }) => ({ table, statements: dropStatements(source, name, table) }));
}

function dropStatements(source: ShardDataSource, name: string, path: string): readonly string[] {
  const trigger = source.driver.escape(name);
  if (fenceDialect(source) !== 'postgres') return [`DROP TRIGGER IF EXISTS ${trigger}`];
  return [`DROP TRIGGER IF EXISTS ${trigger} ON ${quotedPath(source, path)}`, `DROP FUNCTION IF EXISTS ${guardFunction(source, name)}()`];
}

/** Statements that succeed together, on one table, or on all tables of a database with one writer. */
interface TableStep {
  readonly table: string;
  readonly statements: readonly string[];
}

/** Runs statements on tables until they succeed or the signal aborts. */
class Steps {
  constructor(
    readonly source: ShardDataSource,
    readonly runner: QueryRunner,
    readonly options: ArmOptions,
  ) {}

  /** One table after another; on SQLite, where each step would have to wait for the one lock, all of them at once. */
  async run(steps: readonly TableStep[]): Promise<void> {
    if (fenceDialect(this.source) !== 'sqlite') {
      for (const step of steps) await this.#one(step);
    } else if (steps.length > 0) {
      const table = [...new Set(steps.map((step) => step.table))].join(', ');
      await this.#one({ table, statements: steps.flatMap(({ statements }) => statements) });
    }
  }

  async #one({ table, statements }: TableStep): Promise<void> {
    const { shard } = this.source.context;
    for (let attempt = 1; ; attempt += 1) {
      this.options.signal?.throwIfAborted();
      if (await this.#attempt(table, statements)) return;
      const blockers = await blockersOf(this.source, this.runner, { table });
      this.options.onBlocked?.({ shard, table, attempt, blockers });
      await backOff(attempt, this.options.signal).catch((cause: unknown) => {
        throw new FenceBlockedError(shard, `the triggers of ${table}`, blockers, { cause });
      });
    }
  }

  async #attempt(table: string, statements: readonly string[]): Promise<boolean> {
    const { source, runner } = this;
    const work = { shard: source.context.shard, step: 'triggers', operation: `create or drop the triggers of ${table}` } as const;
    const all = async (run: (sql: string) => Promise<unknown>) => {
      for (const statement of statements) await run(statement);
    };
    try {
      return !(await privileged(source, work, () => boundedTransaction(source, runner, all, this.options.waitMs ?? STEP_WAIT_MS)))
        .isBlocked;
    } catch (error) {
      // Another process arms the same member, and was faster.
      if (databaseFault(error) === 'duplicate') return true;
      throw error;
    }
  }
}
