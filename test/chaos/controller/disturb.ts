import { setTimeout as delay } from 'node:timers/promises';
import { beyondTimeoutsMs } from '../library';
import type { Trial } from './trial';

/** How often something happens to writers, shards and store. */
export interface Disturbances {
  readonly everyMs: number;
  readonly outages: boolean;
  readonly pauses: boolean;
}

/** Stops writers and takes members away, one thing at a time, until the returned function is called; it waits for the last one's end. */
export function disturb(trial: Trial, { everyMs, outages, pauses }: Disturbances): () => Promise<void> {
  let isEnded = false;
  const loop = async () => {
    while (!isEnded) {
      await delay(everyMs * (0.5 + trial.random.next()));
      if (isEnded) return;
      const isOutage = outages && (!pauses || trial.random.next() < 0.5);
      if (isOutage) await trial.outage(trial.random.pick(trial.databases.members), 200 + trial.random.integer(1_200));
      else if (pauses) await trial.pauseWriter(trial.random.next() < 0.6 ? beyondTimeoutsMs : 300);
      await trial.checkRunningCount();
    }
  };
  const running = loop();
  return async () => {
    isEnded = true;
    await running;
  };
}
