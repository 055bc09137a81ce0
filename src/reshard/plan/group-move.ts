import type { ClusterCore } from '../../cluster';
import { ConfigurationError } from '../../errors';
import { lookUpOf, shardRule } from '../../fence';
import { membersOf } from '../../live';
import type { ShardingGroup } from '../../metadata';
import type { Placement, Position, RoutingTable } from '../../routing';
import type { GroupMove, Topology } from '../../topology';
import type { ReshardChange } from '../reshard-change';
import { isClassicRing } from './change-faults';
import type { Weights } from './member-weights';
import { planRows } from './plan-rows';

/** A move of one group, or why it cannot be made: one sentence for each reason. */
export type MoveOrFaults = { readonly move: GroupMove; readonly faults?: undefined } | { readonly faults: readonly string[] };

/** What a group is compiled for. */
export interface CompiledFor {
  readonly core: ClusterCore;
  readonly topology: Topology;
  readonly change: ReshardChange;
  /** The weights that the change asks for. */
  readonly weights: Weights;
}

/** The move of a group from the placement in force to what the change makes of it. */
export function moveOf(group: ShardingGroup, from: RoutingTable, asked: CompiledFor): MoveOrFaults {
  const placement = asked.change.placement ?? group.placement;
  if (placement.positions !== group.placement.positions) {
    const needs = placement.positions === 'hash' ? 'the hash of the key' : 'the key itself';
    return {
      faults: [`Group ${group.name}: ${placement.describe()} places rows by ${needs}, and their stored positions are of the other kind.`],
    };
  }
  return withFaultsOf(group.name, () => moveTo(group.name, from, compileFor(placement, from, asked)));
}

/** The move of a group from one placement to another. */
export function moveTo(group: string, from: RoutingTable, to: RoutingTable): MoveOrFaults {
  return withFaultsOf(group, () => {
    const faults = tableFaults(group, from, to);
    if (faults.length > 0) return { faults };
    checkRules(group, to);
    return { move: { from, to, rows: planRows(from, to) } };
  });
}

/** Ranges and modulo may name every shard; the default ring keeps to the shards of its own map, and the classic one has all weights. */
function compileFor(placement: Placement, from: RoutingTable, { core, change, weights }: CompiledFor): RoutingTable {
  if (placement.positions === 'key')
    return placement.compile([...core.shards.values()].filter(({ name }) => !change.remove?.includes(name)));
  const members = membersOf(weights);
  const own = members.filter(({ name }) => from.shards.includes(name) || change.add?.includes(name) === true);
  const compiled = placement.compile(members, from);
  return own.length === members.length || isClassicRing(compiled) ? compiled : placement.compile(own, from);
}

/** What tables can say and moves cannot do. */
function tableFaults(group: string, from: RoutingTable, to: RoutingTable): readonly string[] {
  if (from.placement === 'hashRing' && lookUpOf(from) === 'range' && lookUpOf(to) === 'slot') {
    return [`Group ${group}: a ring of virtual nodes cannot become one of slots, since its databases keep no row for each slot.`];
  }
  if (beginningOf(to) < beginningOf(from)) {
    return [
      `Group ${group}: the new placement begins at ${beginningOf(to)}, and the one in force at ${beginningOf(from)}. Let both begin alike.`,
    ];
  }
  return [];
}

/** @throws {ConfigurationError} when a shard's part in a rule cannot be said to its database. */
function checkRules(group: string, to: RoutingTable): void {
  for (const rule of to.layout.rules) for (const shard of new Set(rule.shards)) shardRule(rule, shard, group);
}

function beginningOf({ layout }: RoutingTable): Position {
  return layout.starts[0] ?? Number.NEGATIVE_INFINITY;
}

function withFaultsOf(group: string, work: () => MoveOrFaults): MoveOrFaults {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { faults: error.faults.map((fault) => (fault.startsWith('Group ') ? fault : `Group ${group}: ${fault}`)) };
  }
}
