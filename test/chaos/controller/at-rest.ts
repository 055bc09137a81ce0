import { setTimeout as delay } from 'node:timers/promises';
import { disturb } from './disturb';
import type { Trial } from './trial';

/** How long writing at rest may take for each operation, in milliseconds, outages included. */
const patienceMs = 100;

/** Writes with nothing planned, while writers are stopped and servers killed; then everything must be as the oracle says. */
export async function tryAtRest(
  trial: Trial,
  { operations, everyMs }: { readonly operations: number; readonly everyMs: number },
): Promise<void> {
  const [begun, end] = [await trial.done(), performance.now() + 20_000 + operations * patienceMs];
  await trial.release();
  const quiet = disturb(trial, everyMs, Number.POSITIVE_INFINITY);
  while ((await trial.done()) - begun < operations) {
    if (performance.now() > end) {
      trial.violate({ kind: 'stuck', what: `${operations} operations at rest did not end in time` });
      break;
    }
    await delay(100);
  }
  await quiet();
  await settled(trial, 'at rest');
}

/** Holds the writers and compares everything. */
export async function settled(trial: Trial, when: string): Promise<void> {
  const left = await trial.hold();
  if (left > 0) trial.violate({ kind: 'stuck', what: `${when}: ${left} operations did not end within the patience of a hold` });
  await trial.checkCounts(when);
  await trial.compare(when);
}
