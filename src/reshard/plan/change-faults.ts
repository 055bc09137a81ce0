import type { ClusterCore } from '../../cluster';
import type { RoutingTable } from '../../routing';
import type { Topology } from '../../topology';
import type { ReshardChange } from '../reshard-change';

/** What is asked, of which cluster, and the tables of the groups that it concerns. */
export interface AskedChange {
  readonly core: ClusterCore;
  readonly topology: Topology;
  readonly change: ReshardChange;
  /** The placements in force of the groups concerned. */
  readonly tables: readonly RoutingTable[];
}

/** What is wrong with the shards that a change names; one sentence each. */
export function changeFaults(asked: AskedChange): readonly string[] {
  return [...nameFaults(asked), ...addFaults(asked), ...removeFaults(asked), ...reweighFaults(asked), ...groupFaults(asked)];
}

function nameFaults({ core, change: { add = [], remove = [], reweigh = {} } }: AskedChange): readonly string[] {
  const named = [...add, ...remove, ...Object.keys(reweigh)];
  const unknown = [...new Set(named)].filter((name) => !core.shards.has(name));
  const several = [...new Set(named.filter((name, index) => named.indexOf(name) !== index))];
  return [
    ...unknown.map(
      (name) =>
        `There is no shard "${name}". There are: ${[...core.shards.keys()].join(', ')}. One that is to join is named in the option shards, with weight: 0, of every process first.`,
    ),
    ...several.map((name) => `Shard "${name}" is named several times; one change can be asked of it at once.`),
  ];
}

function addFaults({ tables, change: { add = [] } }: AskedChange): readonly string[] {
  const owning = add.filter((name) => tables.length > 0 && tables.every(({ shards }) => shards.includes(name)));
  return owning.map((name) => `Shard "${name}" owns rows already. Change its share with { reweigh }.`);
}

function removeFaults({ core, topology, tables, change: { add = [], remove = [] } }: AskedChange): readonly string[] {
  const known = remove.filter((name) => core.shards.has(name));
  const idle = known.filter((name) => !tables.some(({ shards }) => shards.includes(name)));
  const isLast = known.length > 0 && add.length === 0 && ownersOf(topology, tables).every((name) => remove.includes(name));
  const homes = [...core.model.entities.values()].flatMap((entity) =>
    entity.kind === 'unsharded' && known.includes(entity.shard) ? [entity] : [],
  );
  return [
    ...idle.map((name) => `Shard "${name}" owns no rows that could be moved away.`),
    ...(isLast ? ['No shard would be left to own the rows.'] : []),
    ...homes.map(({ shard, metadata }) => `${metadata.name} lives whole on shard "${shard}". Move it to another shard first.`),
  ];
}

function reweighFaults({ core, tables, change: { reweigh = {} } }: AskedChange): readonly string[] {
  return Object.entries(reweigh).flatMap(([name, weight]) => [
    ...(Number.isFinite(weight) && weight > 0
      ? []
      : [`The weight of shard "${name}" must be a finite number above 0; to own nothing it is removed with { remove }.`]),
    ...(core.shards.has(name) && !tables.some(({ shards }) => shards.includes(name))
      ? [`Shard "${name}" owns no rows. Let it join with { add }.`]
      : []),
  ]);
}

/** Every classic ring is computed from the weights that all groups share, so none of them may stay behind. */
function groupFaults({ core, topology, change: { group, add = [], remove = [], reweigh = {} } }: AskedChange): readonly string[] {
  const changesWeights = add.length + remove.length + Object.keys(reweigh).length > 0;
  if (group === undefined || !changesWeights || core.model.groups.length < 2) return [];
  const classic = core.model.groups.filter(({ name }) => isClassicRing(topology.tables.get(name)));
  return classic.map(
    ({ name }) =>
      `Group ${name} is on a ring of virtual nodes, which is computed from the weights that all groups share. Leave { group } out.`,
  );
}

/** Whether a table is that of a ring of virtual nodes. */
export function isClassicRing(table: RoutingTable | undefined): boolean {
  return table?.layout.parameters.startsWith('virtualNodes=') === true;
}

function ownersOf({ weights }: Topology, tables: readonly RoutingTable[]): readonly string[] {
  return tables.length === 0 ? Object.keys(weights) : [...new Set(tables.flatMap(({ shards }) => shards))];
}
