import { setTimeout as delay } from 'node:timers/promises';

const FIRST_MS = 20;
const LONGEST_MS = 1_000;

/**
 * Waits before another attempt: from 20 ms on twice as long each time, at most a second, and of that at random between half and all, so
 * that those who waited for the same do not come back together.
 *
 * @param attempt - how many have failed, from 1.
 * @throws the signal's reason when it aborts.
 */
export async function backOff(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await delay(backOffMs(attempt), undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
}

/** How long {@link backOff} waits, in milliseconds. */
export function backOffMs(attempt: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}
