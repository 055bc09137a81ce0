import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterCore, Footprint, type FreeAccess } from '../cluster';
import { ShardsFailedError, TopologyChangedError } from '../errors';
import { GuardedAccess, type GuardedCall } from './guarded-access';
import { isPartlyDone, isUnrepeatable } from './half-done';
import type { LiveTopology } from './live-topology';
import { lowerBehind } from './lower-behind';
import { isStale } from './staleness';

/** Makes a call by what calls are routed by, with the access that runs its statements. */
export type Attempt<T> = (core: ClusterCore, access: FreeAccess) => Promise<T>;

/**
 * Makes a call, and makes it again, routed anew, when rows that it concerns have moved or are moving, for up to `staleRetryMs`.
 *
 * A write that some shards have committed is made again only where {@link restFault} says that the rest is known.
 *
 * @throws {TopologyChangedError} when the rows do not come to rest in time; {@link ShardsFailedError} when a part of a write is done.
 * @throws {RouteLeaseError} for a call that needs the newest topology while the store does not answer.
 */
export async function attempted<T>(live: LiveTopology, call: GuardedCall, attempt: Attempt<T>): Promise<T> {
  let until: number | undefined;
  let isSilent = !live.isFresh && !(await live.refreshed());
  for (let count = 1; ; count += 1) {
    const core = live.core.observed(new Footprint());
    const access = new GuardedAccess(live, core, { ...call, isSilent });
    try {
      return await attempt(core, access);
    } catch (error) {
      const hasMoved = (each: unknown) => isStale(each, core, live.core);
      const isRead = call.kind === 'read';
      if (!hasMoved(error) || (!isRead && isUnrepeatable(error))) throw told(error, { hasMoved, isRead });
      // From when it is first refused: it may have waited long for its connection.
      until ??= live.now() + live.core.options.resharding.staleRetryMs;
      if (live.now() >= until) throw told(error, { hasMoved, isRead });
    } finally {
      access.end();
    }
    await delay(pauseMs(count));
    isSilent = !(await live.refreshed());
    if (count > 1) await lowerBehind(live, core);
  }
}

/**
 * Makes a call that belongs to no transaction as what may change under it demands: {@link attempted}, or, where no other process can
 * change the topology and nothing moves, without more ado.
 */
export function guarded<T>(live: LiveTopology, call: GuardedCall, work: Attempt<T>): Promise<T> {
  if (live.isGuarded) return attempted(live, call, work);
  const { core } = live;
  return live.held.during(core.topology?.version ?? 0, () => work(core, core.access));
}

/**
 * 5 ms at first, growing by a third to 200, each somewhere in its upper half. So a call that waits comes about a quarter later than it
 * could have come, however long that was; doubling would make it as late again.
 */
export function pauseMs(count: number): number {
  const longest = Math.min(200, 5 * (4 / 3) ** (count - 1));
  return longest * (0.5 + Math.random() / 2);
}

interface Telling {
  readonly hasMoved: (error: unknown) => boolean;
  readonly isRead: boolean;
}

/** An error as callers know it: what databases refused because rows have moved is named so. */
function told(error: unknown, telling: Telling): unknown {
  const { hasMoved, isRead } = telling;
  if (error instanceof TopologyChangedError) return error;
  // What was done on some shards stays, and the error says where.
  if (error instanceof ShardsFailedError && ((!isRead && isPartlyDone(error)) || !hasMoved(error))) {
    const { operation, failed, succeeded, notAttempted } = error;
    if (!failed.some((each) => hasMoved(each.error))) return error;
    const named = failed.map((each) => ({ shard: each.shard, error: told(each.error, telling) }));
    return new ShardsFailedError(operation, named, succeeded, notAttempted);
  }
  if (!hasMoved(error)) return error;
  const { shard = '' } = error as { readonly shard?: string };
  return new TopologyChangedError(shard, 'they did not come to rest in time.', { cause: error });
}
