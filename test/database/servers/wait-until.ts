import { setTimeout as delay } from 'node:timers/promises';

/** What is waited for, and how long. */
export interface WaitOptions {
  /** Completes the sentence "gave up waiting for …". */
  readonly what: string;
  /** @defaultValue 20 s */
  readonly deadlineMs?: number;
}

/**
 * Waits until a condition holds.
 *
 * @throws Error naming what was waited for when the deadline passes, and whatever the condition throws.
 */
export async function waitUntil(condition: () => boolean | Promise<boolean>, { what, deadlineMs = 20_000 }: WaitOptions): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`Gave up waiting for ${what} after ${deadlineMs / 1000} s.`);
    }
    await delay(20);
  }
}
