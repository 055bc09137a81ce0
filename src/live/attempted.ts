import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterCore, Footprint, type FreeAccess } from '../cluster';
import { TopologyChangedError } from '../errors';
import { GuardedAccess, type GuardedCall } from './guarded-access';
import type { LiveTopology } from './live-topology';
import { lowerBehind } from './lower-behind';
import { isStale } from './staleness';

/** Makes a call by what calls are routed by, with the access that runs its statements. */
export type Attempt<T> = (core: ClusterCore, access: FreeAccess) => Promise<T>;

/**
 * Makes a call, and makes it again, routed anew, when rows that it concerns have moved or are moving, for up to `staleRetryMs`.
 *
 * @param attempt - must do nothing twice of what has been done: what was committed by an earlier attempt is for it to leave out.
 * @throws {TopologyChangedError} when the rows do not come to rest in time.
 * @throws {RouteLeaseError} for a call that needs the newest topology while the store does not answer.
 */
export async function attempted<T>(live: LiveTopology, call: GuardedCall, attempt: Attempt<T>): Promise<T> {
  const until = live.now() + live.core.options.resharding.staleRetryMs;
  let isSilent = !live.isFresh && !(await live.refreshed());
  for (let count = 1; ; count += 1) {
    const core = live.core.observed(new Footprint());
    const access = new GuardedAccess(live, core, { ...call, isSilent });
    try {
      return await attempt(core, access);
    } catch (error) {
      if (!isStale(error, core, live.core)) throw error;
      if (live.now() >= until) throw lastError(error);
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

/** 5 ms at first, growing to 200, each somewhere in its upper half. */
export function pauseMs(count: number): number {
  const longest = Math.min(200, 5 * 2 ** (count - 1));
  return longest * (0.5 + Math.random() / 2);
}

function lastError(error: unknown): unknown {
  if (error instanceof TopologyChangedError) return error;
  const { shard = '' } = error as { readonly shard?: string };
  return new TopologyChangedError(shard, 'they did not come to rest in time.', { cause: error });
}
