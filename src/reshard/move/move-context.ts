import { Mutex } from 'async-mutex';
import type { LiveTopology } from '../../live';
import type { Position } from '../../routing';
import type { Topology, TopologyPlan, TopologyState } from '../../topology';
import { changeTopology } from './change-topology';
import type { MoverConnections } from './mover-connections';
import { announceStep, type StepName, type StepPlace } from './reshard-step';
import { type MovingRow, movingRows } from './row-part';
import type { ResolvedRunOptions } from './run-options';
import type { RunProgress } from './run-progress';
import type { Throttle } from './throttle';

/** The plan is not there any more: another process has ended it. */
export class PlanEnded extends Error {}

/** What the parts of one run share. */
export class MoveContext {
  /** Tokens of rows that this run has taken. */
  readonly tokens = new Set<number>();
  /** Swaps of this run come one after another, so that its workers do not conflict with each other. */
  readonly swaps = new Mutex();
  /** When rows moved by this run's clock, once all of their shards know, by `rowId`; of rows taken over: when they were taken. */
  readonly movedAt = new Map<string, { readonly atMs: number; readonly version: number }>();
  /** Whether the plan was seen cancelled. */
  isCancelled = false;
  /** What it was last about to do. */
  lastStep: StepName = 'prepare';
  readonly #rows = new Map<string, Map<Position, MovingRow>>();

  constructor(
    readonly live: LiveTopology,
    readonly planId: string,
    readonly options: ResolvedRunOptions,
    readonly parts: {
      readonly connections: MoverConnections;
      readonly progress: RunProgress;
      readonly throttle: Throttle;
      /** Ends the run at the next chunk. */
      readonly signal: AbortSignal;
    },
  ) {}

  get connections(): MoverConnections {
    return this.parts.connections;
  }

  get progress(): RunProgress {
    return this.parts.progress;
  }

  get signal(): AbortSignal {
    return this.parts.signal;
  }

  /** The plan as this process knows it. @throws {PlanEnded} */
  get plan(): TopologyPlan {
    return planIn(this.live.current, this.planId);
  }

  /** Tells of a step before it is taken. @throws what a subscriber refused it with. */
  announce(step: StepName, place?: StepPlace): void {
    this.lastStep = step;
    announceStep(this.planId, step, place);
  }

  /** Changes the plan's topology as {@link changeTopology} does. @throws {PlanEnded} when another process has ended it. */
  change(edit: (topology: Topology, plan: TopologyPlan) => TopologyState | undefined): Promise<number> {
    return this.swaps.runExclusive(() => changeTopology(this.live, (topology) => edit(topology, planIn(topology, this.planId))));
  }

  /** A row of the plan with the shards that take part in it. */
  row(group: string, since: Position): MovingRow {
    const row = this.#rows.get(group)?.get(since) ?? this.#learn(group).get(since);
    if (!row) throw new PlanEnded();
    return row;
  }

  #learn(group: string): ReadonlyMap<Position, MovingRow> {
    const move = this.plan.moves.get(group);
    const rows = this.#rows.get(group) ?? new Map<Position, MovingRow>();
    for (const row of move ? movingRows(group, move) : []) rows.set(row.since, row);
    this.#rows.set(group, rows);
    return rows;
  }
}

function planIn({ plan }: Topology, id: string): TopologyPlan {
  if (plan?.id !== id) throw new PlanEnded();
  return plan;
}
