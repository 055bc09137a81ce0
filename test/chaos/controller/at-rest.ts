import { setTimeout as delay } from 'node:timers/promises';
import { disturb } from './disturb';
import type { Trial } from './trial';

/** Writes with nothing planned, while writers are stopped and servers killed; then everything must be as the oracle says. */
export async function tryAtRest(
  trial: Trial,
  { operations, everyMs }: { readonly operations: number; readonly everyMs: number },
): Promise<void> {
  const begun = await trial.done();
  while ((await trial.done()) - begun < operations) {
    await trial.release();
    const quiet = disturb(trial, { everyMs, outages: true, pauses: true });
    await delay(4_000);
    await quiet();
    await settled(trial, 'at rest');
  }
}

/** Holds the writers and compares everything. */
export async function settled(trial: Trial, when: string): Promise<void> {
  const left = await trial.hold();
  if (left > 0) trial.violate({ kind: 'stuck', what: `${when}: ${left} operations did not end within the patience of a hold` });
  await trial.checkCounts(when);
  await trial.compare(when);
}
