import type { ClusterCore, ResolvedClusterOptions, ShardHandle } from '../../cluster';
import type { GroupMove } from '../../topology';

/**
 * Why a map of slots must not change when only the memory of this process keeps it: the next start would hand out the slots anew, and
 * databases that are still there would be read by another map. None when the topology is kept, or the databases end with the process.
 */
export function forgottenMapFaults(core: ClusterCore, moves: ReadonlyMap<string, GroupMove>): readonly string[] {
  const { options } = core;
  if (options.isShared || ![...core.shards.values()].some((shard) => isLasting(options, shard))) return [];
  const groups = [...moves].filter(([, { to }]) => to.layout.parameters.startsWith('slots=')).map(([name]) => name);
  return groups.map(
    (name) =>
      `Group ${name}: who owns which slot of hashRing() is part of the topology, and memoryTopology() forgets it when this process ends. ` +
      'Give the option topology: sqlTopology({ … }).',
  );
}

function isLasting({ shared }: ResolvedClusterOptions, shard: ShardHandle): boolean {
  const known: Readonly<Record<string, unknown>> = { ...(shard.current?.options ?? { ...shared, ...shard.options.connection }) };
  if (known.type === 'sqljs') return known.location !== undefined;
  return known.type !== 'better-sqlite3' || (known.database !== ':memory:' && known.database !== '');
}
