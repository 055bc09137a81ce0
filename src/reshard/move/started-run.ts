import { setTimeout as delay } from 'node:timers/promises';
import { NotInitializedError, ReshardRefusedError, ReshardStoppedError, ShardsFailedError } from '../../errors';
import type { LiveTopology } from '../../live';
import type { RoutingTable } from '../../routing';
import type { TopologyPlan } from '../../topology';
import type { ReshardPlan } from '../reshard-plan';
import type { ReshardProgress, ReshardReport, ReshardRun } from '../reshard-run';
import { enterRun } from './live-movers';
import { MoveContext } from './move-context';
import { MoverConnections } from './mover-connections';
import { requestCancel, requestContinue, requestEnd, requestPause } from './orders';
import { withPlan } from './plan-edits';
import type { ResolvedRunOptions } from './run-options';
import { runPhases } from './run-phases';
import { RunProgress } from './run-progress';
import { Throttle } from './throttle';

/** How often an iteration gives the progress, in milliseconds. */
const PROGRESS_MS = 500;

/** What a run begins with. */
export interface RunBeginning {
  readonly plan: TopologyPlan;
  readonly options: ResolvedRunOptions;
  /** The plan with its estimates, where this process made it. */
  readonly planned: ReshardPlan | undefined;
  /** Tokens that this run has taken already. */
  readonly tokens: readonly number[];
  /** Plans the way back, once the plan has ended. */
  readonly planBack: (former: FormerPlacement) => Promise<ReshardPlan>;
}

/** What was in force before a plan. */
export interface FormerPlacement {
  readonly tables: ReadonlyMap<string, RoutingTable>;
  readonly weights: Readonly<Record<string, number>>;
}

/** A run of this process; it begins when it is made. */
export class StartedRun implements ReshardRun {
  readonly planId: string;
  readonly finished: Promise<ReshardReport>;
  readonly #live: LiveTopology;
  readonly #context: MoveContext;
  readonly #former: FormerPlacement;
  readonly #planBack: RunBeginning['planBack'];
  readonly #end = new AbortController();

  /** @throws {ReshardRefusedError} when this process moves already. */
  constructor(live: LiveTopology, beginning: RunBeginning) {
    const { plan, options, planned, tokens, planBack } = beginning;
    const leave = enterRun(live.id, () => this.#close());
    if (!leave) throw new ReshardRefusedError(['This process moves rows already.']);
    this.planId = plan.id;
    this.#live = live;
    this.#planBack = planBack;
    this.#former = { tables: new Map([...plan.moves].map(([group, { from }]) => [group, from])), weights: live.current.weights };
    this.#context = new MoveContext(live, plan.id, options, {
      connections: new MoverConnections(() => live.core, options.workers * 3 + 6),
      progress: new RunProgress(plan.id, planned),
      throttle: new Throttle(options),
      signal: options.signal ? AbortSignal.any([options.signal, this.#end.signal]) : this.#end.signal,
    });
    for (const token of tokens) this.#context.tokens.add(token);
    this.finished = this.#run().finally(leave);
    // Who listens is told; who does not shall not bring the process down.
    this.finished.catch(() => undefined);
  }

  get progress(): ReshardProgress {
    // A cluster that was closed knows of none.
    const plan = this.#live.core.topology?.plan ?? null;
    return this.#context.progress.at(plan?.id === this.planId ? plan : null);
  }

  pause(): Promise<void> {
    return requestPause(this.#live);
  }

  continue(): Promise<void> {
    return requestContinue(this.#live);
  }

  cancel(): Promise<void> {
    return requestCancel(this.#live);
  }

  async reverse(): Promise<ReshardPlan> {
    await requestEnd(this.#live);
    await this.finished;
    return this.#planBack(this.#former);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReshardProgress, void, undefined> {
    const over = new AbortController();
    const ended = () => over.abort();
    void this.finished.then(ended, ended);
    while (!over.signal.aborted) {
      yield this.progress;
      await delay(PROGRESS_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
    yield this.progress;
  }

  async #run(): Promise<ReshardReport> {
    const context = this.#context;
    try {
      await runPhases(context);
      return context.progress.report(context.isCancelled ? 'cancelled' : 'done');
    } catch (error) {
      await this.#release();
      throw this.#stopped(error);
    } finally {
      await context.connections.destroy();
    }
  }

  async #close(): Promise<void> {
    this.#end.abort(new ReshardStoppedError(this.planId, this.#context.lastStep, undefined, 'the cluster was closed in this process.'));
    await this.finished.catch(() => undefined);
  }

  /** Lets others take the rows: as long as this process lives they would wait for it. When the store is away, as soon as it is back. */
  async #release(): Promise<void> {
    if (await this.#isReleased()) return;
    const { refreshMs } = this.#live.core.options.resharding;
    void (async () => {
      do await delay(refreshMs, undefined, { ref: false });
      while (!(await this.#isReleased()));
    })();
  }

  /** @returns whether the topology names this run as a mover no more, or the cluster is closed, after which it counts as gone. */
  async #isReleased(): Promise<boolean> {
    const { tokens, live, planId } = this.#context;
    try {
      const topology = await live.refresh();
      const { plan } = topology;
      if (plan?.id !== planId || !plan.movers.some(({ token }) => tokens.has(token))) return true;
      const movers = plan.movers.filter(({ token }) => !tokens.has(token));
      return (await live.swap(topology, withPlan(topology, { ...plan, movers }))) === 'stored';
    } catch (error) {
      return error instanceof NotInitializedError;
    }
  }

  #stopped(error: unknown): unknown {
    const { signal } = this.#context;
    if (signal.aborted && error === signal.reason) return error;
    if (error instanceof ReshardStoppedError) return error;
    // Of a shard's error not what its database said, which may name keys.
    const reason = error instanceof Error ? error.message : String(error);
    return new ReshardStoppedError(this.planId, this.#context.lastStep, shardOf(error), reason, { cause: error });
  }
}

/** The shard that an error names; of one that names several the first. */
function shardOf(error: unknown): string | undefined {
  if (error instanceof ShardsFailedError) return error.failed[0]?.shard;
  const { shard } = (error ?? {}) as { readonly shard?: unknown };
  return typeof shard === 'string' && shard !== '' ? shard : undefined;
}
