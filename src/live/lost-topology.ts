import type { ClusterCore, ShardHandle } from '../cluster';
import { TopologyStoreError } from '../errors';
import { newestVersion } from '../fence';

/**
 * Refuses to found a topology where there was one: when the store that processes share is empty, and databases remember versions of a
 * topology. It connects the shards; one that does not answer says so when it is opened, and keeps the topology from being founded then.
 *
 * @throws {TopologyStoreError} naming the shards and the way to make the topology again.
 */
export async function checkNotLost(core: ClusterCore): Promise<void> {
  const shards = [...core.shards.values()];
  const versions = await Promise.all(shards.map(async (shard) => ({ shard: shard.name, version: await versionOn(shard) })));
  const remembering = versions.filter(({ version }) => version !== undefined && version > 0);
  if (remembering.length === 0) return;
  const newest = Math.max(...remembering.map(({ version }) => version ?? 0));
  throw new TopologyStoreError(
    'read',
    `it is empty, but the databases of shard(s) ${remembering.map(({ shard }) => shard).join(', ')} remember version ${newest} of a topology. ` +
      'Is it the right store? If the topology is lost, stop all processes and run cluster.reshard.rebuild() before initialize().',
  );
}

async function versionOn(shard: ShardHandle): Promise<number | undefined> {
  const source = await shard.connect().catch(() => undefined);
  return source && newestVersion(source);
}
