import { type ClusterCore, type Identity, peekIdentity, type ShardDataSource } from '../../cluster';
import { guardState } from '../../fence';
import { isSqlite } from '../../metadata';
import type { Topology } from '../../topology';
import { fencedGroups } from '../fenced-groups';
import { guardedGroups } from '../provision-cluster';

/** What the guards of a shard are, and should not be. */
export async function guardFaults(core: ClusterCore, topology: Topology, source: ShardDataSource): Promise<readonly string[]> {
  const { guards, superfluous } = await guardState(source, fencedGroups(topology));
  const wanted = guardedGroups(core, topology, source.context.shard);
  if (wanted.length > 0) {
    const own = await guardState(source, wanted);
    return own.guards
      .filter(({ condition }) => condition !== 'armed')
      .map(({ name, table, condition }) => `The trigger ${name} on ${table} is ${condition}.`);
  }
  // They stay on SQLite, and a plan that begins or ends is making or dropping them.
  if (topology.plan || isSqlite(source)) return [];
  const left = [...guards.filter(({ condition }) => condition !== 'missing'), ...superfluous];
  return left.map(({ name, table }) => `The trigger ${name} on ${table} was left behind by a plan. Drop it.`);
}

/** What a database remembers of itself that is not what it should be. */
export async function identityOf(source: ShardDataSource): Promise<Identity | undefined> {
  return peekIdentity(source, source.context.suffix);
}

/** Compares what a database remembers with the cluster and with another database of it. */
export function identityFaults(
  core: ClusterCore,
  shard: string,
  { own, other }: { readonly own: Identity | undefined; readonly other: Identity | undefined },
) {
  if (!own) return ['The database does not remember which shard it is.'];
  return [
    ...(own.shard === shard ? [] : [`The database remembers to be shard ${own.shard}.`]),
    ...(own.cluster === core.options.name ? [] : [`The database remembers to be part of cluster ${own.cluster}.`]),
    ...(!other || own.clusterId === other.clusterId
      ? []
      : ['The database belongs to another cluster of the same name than the first shard.']),
  ];
}
