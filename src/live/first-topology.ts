import type { ClusterCore } from '../cluster';
import { ConfigurationError } from '../errors';
import type { ShardingGroup } from '../metadata';
import type { Placement, RingMember, RoutingTable } from '../routing';
import type { Topology, TopologyState } from '../topology';

/** The topology of a cluster that never had one: what its configuration says. */
export function firstTopology(core: ClusterCore): TopologyState {
  const weights = [...core.shards.values()].map(({ name, weight }) => [name, weight] as const);
  return {
    cluster: core.options.name,
    versionBase: 0,
    weights: Object.fromEntries(weights.filter(([, weight]) => weight > 0)),
    tables: core.tables,
    lastToken: 0,
    plan: null,
  };
}

/** The topology with the groups of entities that the application has come to use since; the same when there are none. */
export function withNewGroups(core: ClusterCore, topology: Topology): TopologyState {
  const added = core.model.groups.filter(({ name }) => !topology.tables.has(name));
  if (added.length === 0) return topology;
  const compile = ({ placement }: ShardingGroup) => placement.compile(compiledFor(core, placement, topology.weights));
  return { ...topology, tables: new Map([...topology.tables, ...added.map((group) => [group.name, compile(group)] as const)]) };
}

/**
 * Compares the configuration with the topology: it must name every shard, and say the placements that are in force or planned.
 *
 * @throws {ConfigurationError} with every difference.
 */
export function checkConfigured(core: ClusterCore, topology: Topology): void {
  const faults = [...nameFaults(core, topology), ...shardFaults(core, topology), ...placementFaults(core, topology)];
  if (faults.length > 0) throw new ConfigurationError(faults);
}

function nameFaults(core: ClusterCore, { cluster }: Topology): readonly string[] {
  const { name } = core.options;
  return cluster === name ? [] : [`The topology store holds the topology of cluster "${cluster}", and this is "${name}".`];
}

function shardFaults(core: ClusterCore, topology: Topology): readonly string[] {
  const tables = [...topology.tables.values(), ...[...(topology.plan?.moves.values() ?? [])].flatMap(({ from, to }) => [from, to])];
  const missing = [...new Set(tables.flatMap(({ shards }) => shards))].filter((name) => !core.shards.has(name));
  return missing.map((name) => `Shard "${name}" has a part in the topology. Name it in the option shards.`);
}

function placementFaults(core: ClusterCore, topology: Topology): readonly string[] {
  return core.model.groups.flatMap(({ name, placement }) => {
    const table = topology.tables.get(name);
    const next = topology.plan?.moves.get(name)?.to;
    const from = topology.plan?.moves.get(name)?.from;
    const valid = [table, next, from].filter((each) => each !== undefined);
    if (!table || valid.some((each) => isSaidBy(core, { group: name, table: each, topology }))) return [];
    return [
      `Group ${name}: the configuration says ${placement.describe()}, the topology ${table.placement} as it was. ` +
        'A placement is changed by cluster.reshard.plan({ placement }).',
    ];
  });
}

/** The default ring's map has grown over time; all others are functions of the weights. What was cancelled half-way is in between. */
function isSaidBy(
  core: ClusterCore,
  { group, table, topology }: { readonly group: string; readonly table: RoutingTable; readonly topology: Topology },
): boolean {
  const placement = core.model.groups.find(({ name }) => name === group)?.placement;
  if (!placement || placement.kind !== table.placement) return false;
  const { parameters } = table.layout;
  if (parameters === 'moving') return true;
  return [topology.weights, topology.plan?.weights].some((weights) => {
    if (!weights) return false;
    const compiled = placement.compile(compiledFor(core, placement, weights));
    return parameters.startsWith('slots=') ? compiled.layout.parameters === parameters : compiled.checksum === table.checksum;
  });
}

/** Rings divide rows among the shards that have a weight; ranges and modulo name their owners, who may be any. */
function compiledFor(core: ClusterCore, { positions }: Placement, weights: Readonly<Record<string, number>>): readonly RingMember[] {
  return positions === 'key' ? [...core.shards.values()] : membersOf(weights);
}

/** The shards that own rows, as placements take them. */
export function membersOf(weights: Readonly<Record<string, number>>): readonly RingMember[] {
  return Object.entries(weights).map(([name, weight]) => ({ name, weight }));
}
