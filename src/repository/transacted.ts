import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterCore } from '../cluster';
import { TopologyChangedError } from '../errors';
import { type LiveTopology, pauseMs } from '../live';

/**
 * Runs the work of a transaction, and runs it again when rows that it needs have moved or are moving, for up to `staleRetryMs`. Each
 * time it goes by the topology that is the newest before its first statement.
 *
 * @throws {TopologyChangedError} when the rows do not come to rest in time.
 */
export async function transacted<T>(live: LiveTopology, work: (core: ClusterCore) => Promise<T>): Promise<T> {
  let until: number | undefined;
  for (let count = 1; ; count += 1) {
    const { core } = live;
    try {
      return await live.held.during(core.topology?.version ?? 0, () => work(core), !live.isGuarded);
    } catch (error) {
      if (!(error instanceof TopologyChangedError)) throw error;
      // From when it is first refused: its work may take long.
      until ??= live.now() + live.core.options.resharding.staleRetryMs;
      if (live.now() >= until) throw error;
    }
    await delay(pauseMs(count));
    await live.refreshed();
  }
}
