import type { LiveTopology } from '../live';
import { type AuditOptions, type AuditReport, auditCluster } from './audit';
import { endRun, type ReshardStatus, requestCancel, requestContinue, requestPause, reshardStatus, resumeRun, startRun } from './move';
import { makePlan, type PlanOptions } from './plan';
import { type ProvisionOptions, provisionCluster } from './provision-cluster';
import { type RebuildReport, rebuildTopology } from './rebuild';
import type { ReshardChange } from './reshard-change';
import type { ReshardPlan } from './reshard-plan';
import type { ReshardRun, ReshardRunOptions } from './reshard-run';
import { type VerifyOptions, type VerifyReport, verifyCluster } from './verify';

/**
 * Moves rows between shards while applications write: `cluster.reshard`.
 *
 * Its members may be called in any process of the cluster, once the cluster is initialized; before that they throw
 * {@link NotInitializedError}.
 */
export class Resharding {
  readonly #live: LiveTopology;
  readonly #readEntities: () => Promise<unknown>;

  /** @internal */
  constructor(live: LiveTopology, readEntities: () => Promise<unknown>) {
    this.#live = live;
    this.#readEntities = readEntities;
  }

  /**
   * Makes the control tables on every shard where they are missing, and the shard's rows in them. It changes nothing that is there, so it
   * may be repeated, also by several processes at once and while rows move; after a failure it is called again.
   *
   * Guards that must stand and are missing are made again, in a cluster that is not initialized too, since it cannot start without them.
   *
   * The user of each shard needs the right to create tables and triggers.
   *
   * @throws {FencePrivilegeError} naming the shard and what to grant.
   * @throws {ControlTablesError} when a shard's control tables were made by a newer library, or are damaged.
   */
  async provision(options: ProvisionOptions = {}): Promise<void> {
    await this.#readEntities();
    await provisionCluster(this.#live, options);
  }

  /**
   * Works out what a change would move, asks the databases of all shards concerned whether it can, and estimates how much it is. It
   * writes nothing.
   *
   * @throws {ReshardRefusedError} with every reason why it cannot be.
   * @throws {ShardError} when a shard does not answer; {@link TopologyStoreError} when the store does not.
   */
  async plan(change: ReshardChange, options: PlanOptions = {}): Promise<ReshardPlan> {
    return makePlan(this.#live, change, options);
  }

  /**
   * Records a plan and begins to move. It answers when the plan is recorded; from then on any process can go on with it.
   *
   * @throws {ReshardRefusedError} when the topology is not the one that the plan was made from, a plan runs, or a shard is not provisioned.
   * @throws {ConfigurationError} for options that cannot be; {@link TopologyStoreError} when the store does not answer.
   */
  async start(plan: ReshardPlan, options: ReshardRunOptions = {}): Promise<ReshardRun> {
    return startRun(this.#live, plan, options);
  }

  /**
   * Goes on with the plan that the topology has, wherever its movers have left it; beside movers that live it takes a part of their rows.
   *
   * @throws {ReshardRefusedError} when nothing moves, or this process moves already.
   * @throws {ConfigurationError} for options that cannot be; {@link TopologyStoreError} when the store does not answer.
   */
  async resume(options: ReshardRunOptions = {}): Promise<ReshardRun> {
    return resumeRun(this.#live, options);
  }

  /** Says how the plan stands that the topology has; null when nothing moves. @throws {TopologyStoreError} when the store does not answer. */
  async status(): Promise<ReshardStatus | null> {
    return reshardStatus(this.#live);
  }

  /** Lets the movers of all processes finish their chunks, and then move nothing. @throws {ReshardRefusedError} when nothing moves. */
  async pause(): Promise<void> {
    await requestPause(this.#live);
  }

  /** Lets the movers of all processes go on after {@link pause}. @throws {ReshardRefusedError} when nothing moves. */
  async continue(): Promise<void> {
    await requestContinue(this.#live);
  }

  /**
   * Orders the end of the plan: before the first commit all of it is dropped, after it begun rows are finished and the others stay. It
   * does not wait for the movers; where none is left, {@link resume} makes the end.
   *
   * @throws {ReshardRefusedError} when nothing moves, or rows have moved and what has moved cannot become a placement.
   */
  async cancel(): Promise<void> {
    await requestCancel(this.#live);
  }

  /**
   * Looks at every row of every sharded table: whether it stands only on the shard that owns its key, and under the right position. It
   * reads in batches, locks nothing, and may run while applications write and rows move.
   *
   * @throws {ShardError} when a shard does not answer.
   */
  async audit(options: AuditOptions = {}): Promise<AuditReport> {
    return auditCluster(this.#live, options);
  }

  /**
   * Compares what the databases say of themselves with the topology: rows of ownership, guards, identities, and whether all copies of
   * reference tables are equal. It changes nothing.
   *
   * @throws {ShardError} when a shard does not answer; {@link TopologyStoreError} when the store does not.
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    return verifyCluster(this.#live, options);
  }

  /** @internal Ends the run of this process, if there is one, before the cluster is closed. */
  async close(): Promise<void> {
    await endRun(this.#live.id);
  }

  /**
   * Makes a topology that its store has lost again, from what the databases remember, a plan that was under way included. It works before
   * `initialize()`, which a cluster without its topology refuses. All processes of the cluster must be stopped.
   *
   * @throws {ReshardRefusedError} when the store is not empty, or the shards contradict each other or the configuration; nothing was stored.
   * @throws {ShardError} when a shard does not answer; {@link TopologyStoreError} when the store does not.
   */
  async rebuild(): Promise<RebuildReport> {
    await this.#readEntities();
    return rebuildTopology(this.#live);
  }
}
