import type { ClusterCore } from '../../cluster';
import { ConfigurationError, ReshardRefusedError } from '../../errors';
import { checkConfigured } from '../../live';
import type { RoutingTable } from '../../routing';
import type { GroupMove, Topology } from '../../topology';
import type { ReshardChange } from '../reshard-change';
import { changeFaults } from './change-faults';
import { changedGroups } from './changed-groups';
import { forgottenMapFaults } from './forgotten-map';
import { type MoveOrFaults, moveOf, moveTo } from './group-move';
import { changedWeights, configuredWeight, type Weights } from './member-weights';
import { runningPlanFaults } from './running-plan';

/** What moves, before any database was asked. */
export interface PlannedMoves {
  /** Weights of the shards afterwards. */
  readonly weights: Weights;
  /** By group; those of which nothing moves are absent. */
  readonly moves: ReadonlyMap<string, GroupMove>;
}

/**
 * Works out what a change moves: pure, without a question to a database. Rows have not begun (`watermark` is `upto`) and have no mover.
 *
 * @param topology - The one to start from; a plan is good for no other.
 * @throws {ReshardRefusedError} with every reason why the change cannot be made.
 */
export function planMoves(core: ClusterCore, topology: Topology, change: ReshardChange): PlannedMoves {
  const running = runningPlanFaults(topology);
  if (running.length > 0) throw new ReshardRefusedError(running);
  const groups = changedGroups(core, change);
  if (typeof groups === 'string') throw new ReshardRefusedError([groups]);
  const tables = groups.flatMap(({ name }) => topology.tables.get(name) ?? []);
  const faults = [...configurationFaults(core, topology), ...changeFaults({ core, topology, change, tables })];
  if (faults.length > 0) throw new ReshardRefusedError(faults);
  const weights = changedWeights(core, topology, change);
  const asked = { core, topology, change, weights };
  return checked(core, topology, {
    weights,
    outcomes: groups.map(({ name }, index) => [name, moveOf(groups[index]!, topology.tables.get(name)!, asked)] as const),
    hint: groups.every(({ placement }) => placement.positions === 'hash')
      ? ''
      : ' The placements ranges() and modulo() name the owners of their rows: give the new one as { placement }.',
  });
}

/** Where {@link planTo} leads. */
export interface PlanTarget {
  /** The placement of each group that shall change. */
  readonly tables: ReadonlyMap<string, RoutingTable>;
  /** Weights of the shards afterwards. */
  readonly weights: Weights;
}

/**
 * Works out what moves to come to placements that are given, for example to those before an earlier plan; else as {@link planMoves}.
 *
 * @throws {ReshardRefusedError} with every reason.
 */
export function planTo(core: ClusterCore, topology: Topology, { tables, weights }: PlanTarget): PlannedMoves {
  const running = runningPlanFaults(topology);
  if (running.length > 0) throw new ReshardRefusedError(running);
  const outcomes = [...tables].map(([name, to]): readonly [string, MoveOrFaults] => {
    const from = topology.tables.get(name);
    return [name, from ? moveTo(name, from, to) : { faults: [`There is no group "${name}".`] }];
  });
  return checked(core, topology, { weights, outcomes, hint: '' });
}

interface Outcomes {
  readonly weights: Weights;
  readonly outcomes: readonly (readonly [string, MoveOrFaults])[];
  /** What else to do when nothing would change. */
  readonly hint: string;
}

function checked(core: ClusterCore, topology: Topology, { weights, outcomes, hint }: Outcomes): PlannedMoves {
  const faults = outcomes.flatMap(([, outcome]) => outcome.faults ?? []);
  const moves = new Map(
    outcomes.flatMap(([name, { faults: none, ...found }]) => ('move' in found && found.move.rows.length > 0 ? [[name, found.move]] : [])),
  );
  const reasons = [...faults, ...forgottenMapFaults(core, moves)];
  if (reasons.length === 0 && moves.size === 0) reasons.push(`No row would get another owner, so there is nothing to do.${hint}`);
  if (reasons.length > 0) throw new ReshardRefusedError(reasons);
  return { weights: weightsOfOwners(core, topology, { weights, moves }), moves };
}

/** Whoever owns rows afterwards has a weight: shards that only a placement names, and those that groups which stay as they are keep. */
function weightsOfOwners(core: ClusterCore, { tables, weights: before }: Topology, { weights, moves }: PlannedMoves): Weights {
  const after = [...tables].flatMap(([name, table]) => moves.get(name)?.to.shards ?? table.shards);
  const missing = after.filter((name) => weights[name] === undefined);
  return { ...weights, ...Object.fromEntries(missing.map((name) => [name, before[name] ?? configuredWeight(core, name)])) };
}

/** A plan made by another configuration than the topology's would move rows back to it. */
function configurationFaults(core: ClusterCore, topology: Topology): readonly string[] {
  try {
    checkConfigured(core, topology);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.faults;
  }
}
