import type { EntityManager, QueryRunner } from 'typeorm';
import type { IsolationLevel } from 'typeorm/driver/types/IsolationLevel';
import { type ClusterCore, giveBack, type ShardAccess, type ShardHandle, shardFault } from '../cluster';
import { TopologyChangedError, TransactionShardError } from '../errors';
import { fenceRefusalOf, isProvisioned } from '../fence';
import { type CallKind, claimsOn, hasMoved, type LiveTopology, secure } from '../live';

/*
 * A transaction is in one of three states:
 *
 *   open, unpinned   no statement has proved a shard; nothing is open in any database
 *   open, pinned     the first proved statement chose the shard: a query runner of it holds the transaction
 *   ended            committed or rolled back; every further call is refused
 *
 * Nested transactions are savepoints. Those begun while it was unpinned are made when it is pinned, so that they can be rolled
 * back as if they had been there. After a crash nothing is left: the database rolls back what was not committed.
 *
 * It goes by one topology, that of its begin. While rows move, what a call claims is locked against moving before its statements, once
 * for each position. When a call finds that rows have moved, the transaction is *spoiled*: it can only be rolled back, and made again.
 */

/** A transaction on one shard, which the first statement that proves a shard chooses. */
export class PinnedTransaction implements ShardAccess {
  readonly maxRows = undefined;
  readonly #isolation: IsolationLevel | undefined;
  readonly #from: ShardHandle | undefined;
  #depth = 1;
  #pin: { readonly shard: ShardHandle; readonly runner: Promise<QueryRunner> } | undefined;
  #runner: QueryRunner | undefined;
  #ended = false;
  #spoiled: TopologyChangedError | undefined;
  readonly #live: LiveTopology;
  readonly #secured = new Set<string>();

  /** @param shard - pins the transaction from the start. */
  constructor(live: LiveTopology, isolation: IsolationLevel | undefined, shard?: ShardHandle) {
    this.#live = live;
    this.#isolation = isolation;
    this.#from = shard;
  }

  /**
   * What runs one call of the transaction.
   *
   * @param core - by which the call is routed, with the footprint of the call.
   */
  accessFor(core: ClusterCore, kind: CallKind): ShardAccess {
    const run = <T>(shard: ShardHandle, call: (manager: EntityManager) => Promise<T>) =>
      this.run(shard, async (manager) => {
        await this.#secure(manager.queryRunner as QueryRunner, shard, { core, kind });
        return call(manager);
      });
    return {
      pinned: this.pinned,
      maxRows: undefined,
      admit: (shards) => this.admit(shards),
      admitRows: () => undefined,
      managerNow: (shard) => this.managerNow(shard),
      run,
      runAll: async (_operation, shards, call) => {
        this.admit(shards);
        const only = shards[0] as ShardHandle;
        return [await run(only, (manager) => call(manager, only))];
      },
    };
  }

  /** The shard of the transaction; undefined until a statement has proved one. */
  get pinned(): ShardHandle | undefined {
    return this.#pin?.shard ?? this.#from;
  }

  admit(shards: readonly ShardHandle[]): void {
    const [only] = shards;
    const isElsewhere = this.pinned !== undefined && this.pinned !== only;
    if (!this.#ended && only && shards.length === 1 && !isElsewhere) return;
    const needed = shards.map(({ name }) => name);
    throw new TransactionShardError(this.pinned?.name, needed);
  }

  /** Budgets are for calls to several shards, which a transaction cannot make. */
  admitRows(): void {}

  async run<T>(shard: ShardHandle, call: (manager: EntityManager) => Promise<T>): Promise<T> {
    this.admit([shard]);
    if (this.#spoiled) throw this.#spoiled;
    this.#pin ??= { shard, runner: this.#begin(shard) };
    try {
      const runner = await this.#pin.runner;
      return await call(runner.manager);
    } catch (error) {
      if (error instanceof TopologyChangedError) this.#spoiled = error;
      // MySQL leaves the transaction open after its guard has refused.
      else if (isMoveRefusal(error)) this.#spoiled = hasMoved(shard, { cause: error });
      throw this.#spoiled ?? shardFault(shard.name, error);
    }
  }

  async runAll<T>(
    _operation: string,
    shards: readonly ShardHandle[],
    call: (manager: EntityManager, shard: ShardHandle) => Promise<T>,
  ): Promise<readonly T[]> {
    this.admit(shards);
    const only = shards[0] as ShardHandle;
    return [await this.run(only, (manager) => call(manager, only))];
  }

  managerNow(shard?: ShardHandle): EntityManager | undefined {
    return shard === undefined || shard === this.pinned ? this.#runner?.manager : undefined;
  }

  /** Runs nested work in a savepoint. */
  async nest<T>(work: () => Promise<T>): Promise<T> {
    this.#depth += 1;
    try {
      await this.#each((runner) => runner.startTransaction());
    } catch (error) {
      this.#depth -= 1;
      throw error;
    }
    return this.#finish(work);
  }

  /** Runs the whole work, commits it, or rolls it back when it throws; the work's own error is thrown as it is. */
  async execute<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#finish(work);
    } finally {
      this.#ended = true;
      await this.#each(giveBack);
    }
  }

  async #finish<T>(work: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work();
    } catch (error) {
      this.#depth -= 1;
      // The work's error matters; a rollback that fails leaves a broken connection, and the database rolls back by itself.
      await this.#each((runner) => runner.rollbackTransaction()).catch(() => undefined);
      throw error;
    }
    this.#depth -= 1;
    if (this.#spoiled) {
      await this.#each((runner) => runner.rollbackTransaction()).catch(() => undefined);
      throw this.#spoiled;
    }
    await this.#each((runner) => runner.commitTransaction());
    return result;
  }

  /** Locks what a call claims against moving, when rows move or may do so unseen. What inserts claim is only compared: no row can be missed. */
  async #secure(runner: QueryRunner, shard: ShardHandle, { core, kind }: { readonly core: ClusterCore; readonly kind: CallKind }) {
    const live = this.#live;
    if (!live.isGuarded) return;
    const isSilent = !live.isFresh && !(await live.refreshed());
    const claims = claimsOn(core, shard, core.footprint?.groups ?? []);
    for (const { group, positions } of claims) {
      const table = live.core.tables.get(group);
      if (positions.some((position) => table?.ownerOf(position) !== shard.name)) throw hasMoved(shard);
    }
    // Guards see every row that is inserted; whether they stand is not known while the store is silent.
    const isLocked = isSilent ? await isProvisioned(runner) : live.current.plan !== null && kind !== 'insert';
    if (!isLocked) return;
    const isWrite = kind !== 'read';
    const keyOf = (group: string, position: unknown) => JSON.stringify([group, String(position), isWrite]);
    const left = claims.map((claim) => ({
      ...claim,
      positions: claim.positions.filter((position) => !this.#secured.has(keyOf(claim.group, position))),
    }));
    const version = isSilent ? Number.POSITIVE_INFINITY : (core.topology?.version ?? 0);
    await secure(runner, left, { shard, version, isWrite });
    for (const { group, positions } of left) for (const position of positions) this.#secured.add(keyOf(group, position));
  }

  async #begin(shard: ShardHandle): Promise<QueryRunner> {
    const depth = this.#depth;
    const source = shard.current ?? (await shard.open());
    const runner = source.createQueryRunner('master');
    try {
      for (let level = 0; level < depth; level += 1) await runner.startTransaction(level === 0 ? this.#isolation : undefined);
      source.context.lock.markHeld();
      this.#runner = runner;
      return runner;
    } catch (error) {
      await runner.release();
      throw error;
    }
  }

  /** Applies a step to the query runner, if the transaction is pinned and could be begun. */
  async #each(step: (runner: QueryRunner) => Promise<void>): Promise<void> {
    if (!this.#pin) return;
    // Whoever pinned the transaction was told why it could not begin.
    const runner = await this.#pin.runner.catch(() => undefined);
    if (!runner) return;
    try {
      await step(runner);
    } catch (error) {
      throw shardFault(this.#pin.shard.name, error);
    }
  }
}

function isMoveRefusal(error: unknown): boolean {
  const refusal = fenceRefusalOf(error);
  return refusal === 'elsewhere' || refusal === 'frozen';
}
