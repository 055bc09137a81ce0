import { setTimeout as delay } from 'node:timers/promises';
import { beyondTimeoutsMs } from '../library';
import type { Trial } from './trial';

/**
 * Stops writers and takes members away, one thing at a time, until the returned function is called; it waits for the last one's end.
 *
 * @param everyMs - about how long it leaves everything alone between two of them.
 * @param most - how many there are at most, so that a run on a slow machine is not disturbed more often than on a fast one.
 */
export function disturb(trial: Trial, everyMs: number, most: number): () => Promise<void> {
  const end = new AbortController();
  const loop = async () => {
    for (let count = 0; count < most && !end.signal.aborted; count += 1) {
      await delay(everyMs * (0.5 + trial.random.next()), undefined, { signal: end.signal }).catch(() => undefined);
      if (end.signal.aborted) return;
      await trial.nextDisturbance(beyondTimeoutsMs);
      await trial.checkRunningCount();
    }
  };
  const running = loop();
  return async () => {
    end.abort();
    await running;
  };
}
