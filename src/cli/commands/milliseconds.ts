import { UsageError } from '../usage-error';

const MOST_MS = 3_600_000;

/** Reads a number of milliseconds, 1 to an hour. */
export function milliseconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > MOST_MS) {
    throw new UsageError(`--timeout is a number of milliseconds from 1 to ${MOST_MS}.`);
  }
  return value;
}
