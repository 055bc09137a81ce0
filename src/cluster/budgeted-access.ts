import type { EntityManager } from 'typeorm';
import { ScatterBudgetError } from '../errors';
import { CallEnd } from './call-end';
import { type CallLimit, callLimit } from './call-limit';
import { gather } from './gather';
import { runHeld } from './held-runner';
import type { ScatterBudget } from './scatter-budget';
import type { ShardHandle } from './shard';
import type { FreeAccess, ShardAccess } from './shard-access';
import { shardFault } from './shard-fault';

/** A call to several shards, and what it may cost. */
export interface BudgetedCall {
  readonly entity: string;
  readonly operation: string;
  /** Whether a replicated database itself has to answer, and not a replica of it. */
  readonly isWrite: boolean;
  readonly budget: ScatterBudget;
}

/**
 * Runs the work of one call within its budget.
 *
 * @param run - sends all its statements through the access it gets.
 * @throws {ScatterBudgetError} when the shards return too many rows, or when the time is over; then what still runs is cancelled.
 * @throws the reason of the budget's signal when that ends the call.
 */
export async function runWithinBudget<T>(inner: FreeAccess, call: BudgetedCall, run: (access: ShardAccess) => Promise<T>): Promise<T> {
  const access = new BudgetedAccess(inner, call);
  const { end } = access;
  try {
    end.throwIfOver();
    const work = run(access);
    // Statements on connections that are not known cannot be cancelled, and so are waited for.
    const answer = access.isTimed ? await end.race(work) : await work;
    end.throwIfOver();
    return answer;
  } catch (error) {
    // Shards that fail because the call is over are not at fault.
    throw end.isOver ? end.error : error;
  } finally {
    end.close();
  }
}

class BudgetedAccess implements ShardAccess {
  readonly pinned = undefined;
  readonly maxRows: number | undefined;
  readonly end: CallEnd;
  /** Whether the call can be over while statements run. */
  readonly isTimed: boolean;
  readonly #inner: FreeAccess;
  readonly #call: BudgetedCall;
  readonly #limit: CallLimit | undefined;
  readonly #waitingFor = new Map<ShardHandle, number>();
  readonly #failures: unknown[] = [];
  #rows = 0;

  constructor(inner: FreeAccess, call: BudgetedCall) {
    const { maxRows, timeoutMs, signal, concurrency } = call.budget;
    this.#inner = inner;
    this.#call = call;
    this.maxRows = maxRows;
    this.isTimed = timeoutMs !== undefined || signal !== undefined;
    this.#limit = concurrency === undefined ? undefined : callLimit(concurrency);
    this.end = new CallEnd({ signal, timeoutMs, timedOut: () => this.#timedOut() });
  }

  admit(): void {}

  admitRows(count: number): void {
    this.#rows += count;
    const { maxRows } = this;
    if (maxRows === undefined || this.#rows <= maxRows) return;
    this.end.end(new ScatterBudgetError({ ...this.#facts, budget: 'maxRows', limit: maxRows }));
    this.end.throwIfOver();
  }

  managerNow(shard?: ShardHandle): EntityManager | undefined {
    return this.#inner.managerNow(shard);
  }

  run<T>(shard: ShardHandle, call: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#awaiting(shard, () => this.#run(shard, call));
  }

  async runAll<T>(
    operation: string,
    shards: readonly ShardHandle[],
    call: (manager: EntityManager, shard: ShardHandle) => Promise<T>,
  ): Promise<readonly T[]> {
    const [only] = shards;
    if (only && shards.length === 1) return [await this.run(only, (manager) => call(manager, only))];
    const start = (shard: ShardHandle) => this.#run(shard, (manager) => call(manager, shard));
    const limited = (shard: ShardHandle) =>
      this.#limit ? this.#limit(() => this.#inner.limit(() => start(shard))) : this.#inner.limit(() => start(shard));
    return gather(operation, shards, (shard) => this.#awaiting(shard, () => limited(shard)));
  }

  get #facts(): { readonly entity: string; readonly operation: string } {
    return { entity: this.#call.entity, operation: this.#call.operation };
  }

  async #run<T>(shard: ShardHandle, run: (manager: EntityManager) => Promise<T>): Promise<T> {
    this.end.throwIfOver();
    if (!this.isTimed) return this.#inner.run(shard, run);
    try {
      const { end } = this;
      return await this.#inner.around(shard, (adapt) => runHeld(shard, { end, isWrite: this.#call.isWrite, adapt, run }));
    } catch (error) {
      if (this.end.isOver) throw error;
      const fault = shardFault(shard.name, error);
      this.#failures.push(fault);
      throw fault;
    }
  }

  /** Accounts for a shard that has not answered, also while it waits for its turn. */
  async #awaiting<T>(shard: ShardHandle, work: () => Promise<T>): Promise<T> {
    const calls = this.#waitingFor;
    calls.set(shard, (calls.get(shard) ?? 0) + 1);
    try {
      return await work();
    } finally {
      calls.set(shard, (calls.get(shard) ?? 0) - 1);
    }
  }

  #timedOut(): ScatterBudgetError {
    const unanswered = [...this.#waitingFor].filter(([, calls]) => calls > 0).map(([{ name }]) => name);
    const facts = { ...this.#facts, budget: 'timeoutMs', limit: this.#call.budget.timeoutMs ?? 0, unanswered } as const;
    // What failed on other shards meanwhile is not lost.
    return new ScatterBudgetError(facts, this.#failures.length > 0 ? { cause: new AggregateError(this.#failures) } : {});
  }
}
