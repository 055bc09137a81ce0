import { randomUUID } from 'node:crypto';
import type { ShardHandle } from '../../cluster';
import { ReshardRefusedError } from '../../errors';
import type { LiveTopology } from '../../live';
import type { Topology } from '../../topology';
import type { ReshardChange } from '../reshard-change';
import type { ReshardPlan } from '../reshard-plan';
import { changeTitle } from './change-title';
import { sum } from './estimates';
import { type PlannedMoves, type PlanTarget, planMoves, planTo } from './plan-moves';
import { type Survey, survey } from './survey';
import { withSurveyed } from './surveyed-shard';

/** Settings of `cluster.reshard.plan()`. */
export interface PlanOptions {
  /** The most rows that move at once; rows of the plan are not cut below it. @defaultValue 500 */
  readonly chunkRows?: number;
  /** The most rows that one position may have. @defaultValue 10 × `chunkRows` */
  readonly maxFrozenRows?: number;
  /** Ends the questions to the databases with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Makes a plan for a change: works out what moves, asks the databases of all shards concerned whether it can, and estimates how much it
 * is. It writes nothing, and locks nothing for longer than a statement that reads.
 *
 * @throws {ReshardRefusedError} with every reason that was found; those of rows are looked for when the tables are well.
 * @throws {ShardError} when a shard does not answer; {@link TopologyStoreError} when the store does not.
 */
export async function makePlan(live: LiveTopology, change: ReshardChange, options: PlanOptions = {}): Promise<ReshardPlan> {
  const topology = await newest(live);
  return surveyed(live, { topology, planned: planMoves(live.core, topology, change), title: changeTitle(change) }, options);
}

/** Makes a plan to come to placements that are given, as `cluster.reshard.plan()` does for a change. @param target - with the plan's title. */
export async function makePlanTo(
  live: LiveTopology,
  target: PlanTarget & { readonly title: string },
  options: PlanOptions = {},
): Promise<ReshardPlan> {
  const topology = await newest(live);
  return surveyed(live, { topology, planned: planTo(live.core, topology, target), title: target.title }, options);
}

function newest(live: LiveTopology): Promise<Topology> | Topology {
  return live.core.options.isShared ? live.refresh() : live.current;
}

interface ToSurvey {
  readonly topology: Topology;
  readonly planned: PlannedMoves;
  readonly title: string;
}

async function surveyed(live: LiveTopology, { topology, planned, title }: ToSurvey, options: PlanOptions): Promise<ReshardPlan> {
  const { chunkRows = 500, maxFrozenRows = 10 * chunkRows, signal } = options;
  const faults: string[] = [];
  const groups = [...planned.moves.keys()];
  const found = await withSurveyed(shardsOf(live, planned), { groups, faults }, (shards) =>
    survey({ surveyed: shards, moves: planned.moves, chunkRows, maxFrozenRows, ...(signal && { signal }) }),
  );
  const reasons = [...new Set([...faults, ...found.faults])];
  if (reasons.length > 0) throw new ReshardRefusedError(reasons);
  return {
    id: randomUUID(),
    title,
    baseVersion: topology.version,
    groups: found.groups,
    referenceTables: joins(topology, planned) ? referenceNames(live) : [],
    warnings: [...new Set(found.warnings)],
    ...totals(found),
    weights: planned.weights,
    moves: found.moves,
  };
}

/** All that have a part in what moves, and all that keep theirs: a row that is where it should not be may be on any of them. */
function shardsOf({ core }: LiveTopology, { moves }: PlannedMoves): readonly ShardHandle[] {
  const names = new Set([...moves.values()].flatMap(({ from, to }) => [...from.shards, ...to.shards]));
  return [...core.shards.values()].filter(({ name }) => names.has(name));
}

function joins({ tables }: Topology, { moves }: PlannedMoves): boolean {
  const owners = new Set([...tables.values()].flatMap(({ shards }) => shards));
  return [...moves.values()].some(({ to }) => to.shards.some((shard) => !owners.has(shard)));
}

function referenceNames({ core }: LiveTopology): readonly string[] {
  return [...core.model.entities.values()].filter(({ kind }) => kind === 'reference').map(({ metadata }) => metadata.tableName);
}

function totals({ groups }: Survey): Pick<ReshardPlan, 'rows' | 'bytes'> {
  const moves = groups.flatMap((group) => group.moves);
  return { rows: sum(moves, ({ rows }) => rows), bytes: sum(moves, ({ bytes }) => bytes) };
}
