import type { ShardedDataSource } from '../../data-source';
import type { Topology } from '../../topology';

/**
 * Reads the topology that the processes of a cluster share; undefined where they share none, or none was stored yet.
 *
 * @throws {TopologyStoreError} when the store does not answer.
 */
export async function storedTopology({ core, live }: ShardedDataSource): Promise<Topology | undefined> {
  return core.options.isShared ? live.stored() : undefined;
}
