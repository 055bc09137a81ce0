import type { TestCluster } from '../test-cluster';
import type { RecordedStatement } from './statement-recorder';

/**
 * Runs a call and tells which shard was sent which statement meanwhile, in order.
 *
 * Everything is recorded that the cluster sends while the call runs, so that it works over HTTP too: await other calls before.
 * What a shard is sent while it is opened does not count.
 *
 * @throws what the call throws.
 */
export async function recordStatements(cluster: TestCluster, call: () => unknown): Promise<readonly RecordedStatement[]> {
  return (await cluster.recorder.record(call)).statements;
}
