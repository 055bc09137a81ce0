import type { ClusterCore } from '../cluster';
import { ShardsFailedError, TopologyChangedError, WrongShardError } from '../errors';
import { fenceRefusalOf } from '../fence';

/**
 * Whether a call failed only because rows have moved or are moving, so that nothing of it was done and it may be routed anew.
 *
 * @param newest - what calls are routed by now.
 */
export function isStale(error: unknown, core: ClusterCore, newest: ClusterCore): boolean {
  if (error instanceof ShardsFailedError) return error.failed.every((each) => isStale(each.error, core, newest));
  if (error instanceof TopologyChangedError) return true;
  // The last guard of a shard knows the newest topology, and the call was routed by another.
  if (error instanceof WrongShardError) return core.topology?.version !== newest.topology?.version;
  const refusal = fenceRefusalOf(error);
  // A shard that the caller names stays the wrong one.
  if (refusal === 'elsewhere') return [...(core.footprint?.groups ?? [])].length > 0;
  return refusal === 'frozen';
}
