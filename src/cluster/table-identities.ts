import type { EntitySharding } from '../metadata';
import type { ClusterCore } from './cluster-core';
import type { Identity, TableIdentity } from './identity-table';

/** What every database of the cluster shall remember of how tables are spread, according to the configuration. */
export function tableIdentities(core: ClusterCore): Pick<Identity, 'tables' | 'placements'> {
  const placements = core.model.groups.map(({ name, placement }) => {
    const table = core.placements.get(name);
    const owners = (table?.shards ?? []).map((shard) => weighted(shard, core.weightOf(shard)));
    return [table?.checksum ?? '', `${placement.describe()} over ${owners.join(', ')}`] as const;
  });
  const tables = [...core.model.entities.values()].map((sharding) => [sharding.metadata.tableName, tableIdentity(core, sharding)] as const);
  return { tables: Object.fromEntries(tables), placements: Object.fromEntries(placements) };
}

function weighted(name: string, weight: number): string {
  return weight === 1 ? name : `${name} (weight ${weight})`;
}

function tableIdentity(core: ClusterCore, sharding: EntitySharding): TableIdentity {
  if (sharding.kind === 'reference') return { kind: 'as a reference table', checksum: '' };
  if (sharding.kind === 'unsharded') return { kind: `unsharded on ${sharding.shard}`, checksum: '' };
  const columns = sharding.key.map(({ databaseName }) => databaseName).join(', ');
  return { kind: `sharded by ${columns}`, checksum: core.placements.get(sharding.group.name)?.checksum ?? '' };
}
