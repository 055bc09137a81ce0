import type { EntityManager, QueryRunner } from 'typeorm';
import {
  type AdaptRunner,
  type CallLimit,
  type ClusterCore,
  type FreeAccess,
  gather,
  giveBack,
  type ShardDataSource,
  type ShardHandle,
  shardFault,
} from '../cluster';
import { RouteLeaseError } from '../errors';
import { isProvisioned, shareCovering, takeWriteLock, withRunner } from '../fence';
import { isSqlite } from '../metadata';
import { isEmptyAnswer } from './empty-answer';
import type { LiveTopology } from './live-topology';
import { runTogether } from './locked-writes';
import { isOwner } from './row-owner';
import { type Claim, claimsOn, hasMoved, secure } from './secure';

/**
 * What a call does, as far as its safety depends on it while rows move:
 *
 *   read     an answer of nothing is looked into before it is believed
 *   insert   the guards see every row; nothing can be missed
 *   update   as a read, and where more than one position may be meant, ownership is locked on all shards before anything is written
 *   remove   writes that do not tell whether they met a row: ownership is locked before
 */
export type CallKind = 'read' | 'insert' | 'update' | 'remove';

/** A call as users know it. */
export interface GuardedCall {
  readonly operation: string;
  readonly kind: CallKind;
}

/**
 * Runs the statements of one attempt of a call. Each is sent only while this process may go by its topology, which is checked with the
 * connection in hand; and while rows move nothing is believed or written that another topology could have changed.
 */
export class GuardedAccess implements FreeAccess {
  readonly pinned = undefined;
  readonly maxRows = undefined;
  readonly limit: CallLimit;
  readonly #live: LiveTopology;
  readonly #core: ClusterCore;
  readonly #call: GuardedCall;
  readonly #isSilent: boolean;
  readonly #begunMs: number;
  #release: (() => void) | undefined;

  /** @param isSilent - whether the store does not answer, so that the shards' own rows of ownership are obeyed. */
  constructor(live: LiveTopology, core: ClusterCore, { isSilent, ...call }: GuardedCall & { readonly isSilent: boolean }) {
    this.#live = live;
    this.#core = core;
    this.#call = call;
    this.#isSilent = isSilent;
    this.#begunMs = live.now();
    this.limit = core.access.limit;
  }

  /** Outside of transactions calls may go anywhere. */
  admit(): void {}

  /** Budgets count rows. */
  admitRows(): void {}

  managerNow(shard?: ShardHandle): EntityManager | undefined {
    return shard?.current?.manager;
  }

  /** Ends the attempt: what it held is acknowledged as passed. */
  end(): void {
    this.#release?.();
  }

  /** Whether writes to the shard lock ownership before, as {@link CallKind} says. */
  mustLock(shard: ShardHandle): boolean {
    const { kind } = this.#call;
    if (this.#isSilent) return true;
    if (!this.#live.current.plan || kind === 'read') return false;
    const claims = this.#claims(shard);
    if (claims.length === 0) return false;
    if (shard.current && isSqlite(shard.current)) return true;
    return kind === 'remove' || (kind === 'update' && !isOnePosition(claims));
  }

  async run<T>(shard: ShardHandle, call: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      const source = shard.current ?? (await shard.open());
      this.#hold(shard);
      if (this.mustLock(shard)) return await this.#locked(shard, source, call);
      return await this.around(shard, async (adapt) => {
        const runner = source.createQueryRunner(this.#call.kind === 'read' ? source.defaultReplicationModeForReads() : 'master');
        adapt(runner);
        return released(runner, () => call(runner.manager));
      });
    } catch (error) {
      throw shardFault(shard.name, error);
    }
  }

  async runAll<T>(
    operation: string,
    shards: readonly ShardHandle[],
    call: (manager: EntityManager, shard: ShardHandle) => Promise<T>,
  ): Promise<readonly T[]> {
    const [only] = shards;
    if (only && shards.length === 1) return [await this.run(only, (manager) => call(manager, only))];
    if (this.#call.kind === 'update' && shards.some((shard) => this.mustLock(shard))) {
      return runTogether(operation, shards, { begin: async (shard) => this.#begin(shard, shard.current ?? (await shard.open())), call });
    }
    return gather(operation, shards, (shard) => this.limit(() => this.run(shard, (manager) => call(manager, shard))));
  }

  async around<T>(shard: ShardHandle, call: (adapt: AdaptRunner) => Promise<T>): Promise<T> {
    this.#hold(shard);
    const answer = await call((runner) => admitEach(runner, () => this.#admit(shard)));
    await this.#believe(shard, answer);
    return answer;
  }

  /** Checks, with the connection in hand, that the statement may still be sent. */
  async #admit(shard: ShardHandle): Promise<void> {
    const live = this.#live;
    const claims = this.#claims(shard);
    if (claims.length === 0) return;
    if (!live.isFresh && !(await live.refreshed())) throw this.#isSilent ? new RouteLeaseError(this.#call.operation) : hasMoved(shard);
    if (live.current.version === this.#version) return;
    if (!claims.every((claim) => this.#isStillRight(shard, claim))) throw hasMoved(shard);
  }

  /** Whether a claim that was made by an older topology holds nevertheless. */
  #isStillRight(shard: ShardHandle, { group, positions, isWhole }: Claim): boolean {
    const { kind } = this.#call;
    if (this.#isHeld) return true;
    if (kind === 'read' && (isWhole || positions.length > 1)) return this.#live.mayUse(this.#core);
    // What has moved to a shard is left out by the topology before, also from what is written.
    if (isWhole) return false;
    const table = this.#live.core.tables.get(group);
    return positions.every((position) => table?.ownerOf(position) === shard.name);
  }

  /** Looks into an answer that rows which moved could have changed. What may have been written is never made again. */
  async #believe(shard: ShardHandle, answer: unknown): Promise<void> {
    const { kind } = this.#call;
    const live = this.#live;
    const claims = this.#claims(shard);
    const isUnmet = isOnePosition(claims) && isEmptyAnswer(answer);
    if (kind === 'insert' || claims.length === 0 || (kind !== 'read' && !isUnmet)) return;
    const isInTime = this.#isInTime;
    if (!live.isFresh && !(await live.refreshed())) throw hasMoved(shard);
    if (!live.current.plan && live.current.version === this.#version) return;
    if (!claims.every((claim) => this.#isStillRight(shard, claim))) {
      // What one position held was all there; it has moved since.
      if (isOnePosition(claims) && !isUnmet && isInTime) return;
      throw hasMoved(shard);
    }
    if (live.current.plan && isUnmet) await this.#lookInto(shard, claims[0] as Claim);
  }

  /** Whether this process has had a lease ever since the attempt began: one that was stopped may have an answer of any age. */
  get #isInTime(): boolean {
    return this.#live.isFresh && this.#live.keptSinceMs <= this.#begunMs;
  }

  /** Whether no plan can have moved rows since the version was held. */
  get #isHeld(): boolean {
    return this.#release !== undefined && this.#live.keptSinceMs <= this.#begunMs;
  }

  async #lookInto(shard: ShardHandle, { group, positions }: Claim): Promise<void> {
    const position = positions[0] as NonNullable<(typeof positions)[0]>;
    if (!this.#live.current.plan?.moves.has(group)) return;
    const row = await withRunner(shard.dataSource, (runner) => shareCovering(runner, { shard: shard.name, group }, position));
    const question = { position, version: this.#version, isWrite: this.#call.kind !== 'read' };
    if (!row || !isOwner(row, question)) throw hasMoved(shard);
  }

  async #locked<T>(shard: ShardHandle, source: ShardDataSource, call: (manager: EntityManager) => Promise<T>): Promise<T> {
    const runner = await this.#begin(shard, source);
    return released(runner, async () => {
      const answer = await call(runner.manager);
      await runner.commitTransaction();
      return answer;
    });
  }

  /** Begins a transaction in which nothing that the call claims can move. */
  async #begin(shard: ShardHandle, source: ShardDataSource): Promise<QueryRunner> {
    const claims = this.#claims(shard);
    if (this.#isSilent && claims.some(({ isWhole }) => isWhole)) throw new RouteLeaseError(this.#call.operation);
    const runner = source.createQueryRunner('master');
    try {
      await runner.startTransaction();
      // A plan that begins where there was none waits for this transaction before it guards the tables.
      if (this.#isSilent && !(await isProvisioned(runner))) return runner;
      await takeWriteLock(runner);
      const version = this.#isSilent ? Number.POSITIVE_INFINITY : this.#version;
      await secure(runner, claims, { shard, version, isWrite: this.#call.kind !== 'read' });
      return runner;
    } catch (error) {
      await giveBack(runner);
      throw error;
    }
  }

  #claims(shard: ShardHandle): readonly Claim[] {
    return claimsOn(this.#core, shard, this.#core.footprint?.groups ?? []);
  }

  /**
   * What may see any row of a group holds its version, so that no plan moves rows before it has ended. A version that is not the newest
   * any more may have been acknowledged as passed.
   */
  #hold(shard: ShardHandle): void {
    if (this.#release || this.#core.topology?.plan) return;
    if (!this.#claims(shard).some(({ isWhole, positions }) => isWhole || positions.length > 1)) return;
    if (this.#live.current.version !== this.#version) throw hasMoved(shard);
    this.#release = this.#live.held.hold(this.#version);
  }

  get #version(): number {
    return this.#core.topology?.version ?? 0;
  }
}

function isOnePosition(claims: readonly Claim[]): boolean {
  const [only, other] = claims;
  return only !== undefined && other === undefined && !only.isWhole && only.positions.length === 1;
}

/** Every statement asks for the connection first, also when the runner has it. A transaction that was admitted must be able to end. */
function admitEach(runner: QueryRunner, admit: () => Promise<void>): void {
  const { connect, startTransaction } = runner;
  let isAdmitted = false;
  runner.connect = async () => {
    const connection: unknown = await connect.call(runner);
    if (!isAdmitted) await admit();
    isAdmitted = runner.isTransactionActive;
    return connection;
  };
  runner.startTransaction = (...args) => {
    if (!runner.isTransactionActive) isAdmitted = false;
    return startTransaction.apply(runner, args);
  };
}

async function released<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await giveBack(runner);
  }
}
