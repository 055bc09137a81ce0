import { types } from 'node:util';
import { ShardKeyInvalidError } from '../errors';
import type { KeyPart } from './key-part';

const ISO_DATE = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
const DAY_LENGTH = 'YYYY-MM-DD'.length;
/** 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: the years that ISO text, and every database, writes with four digits. */
const [MIN_MS, MAX_MS] = [-62_167_219_200_000, 253_402_300_799_999];

/**
 * Reads a point in time from a Date or from ISO 8601 text: a date, which means its midnight in UTC, or a date and time with
 * an explicit zone. Without a zone the answer would depend on the process.
 *
 * @returns Milliseconds since the epoch, or undefined when the value is no such thing, does not exist in the
 *   calendar, is finer than a millisecond, or lies outside the years 0000 to 9999.
 */
export function timeMsOf(value: unknown): number | undefined {
  const timeMs = types.isDate(value) ? value.getTime() : typeof value === 'string' ? isoTimeMs(value) : Number.NaN;
  return timeMs >= MIN_MS && timeMs <= MAX_MS ? timeMs : undefined;
}

/**
 * As {@link timeMsOf}, for a value that must be a date.
 *
 * @throws ShardKeyInvalidError when it is not.
 */
export function dateMs(value: unknown, { property, dayOnly }: KeyPart): number {
  if (dayOnly === true && (typeof value !== 'string' || value.length !== DAY_LENGTH)) {
    throw new ShardKeyInvalidError(
      property,
      'the key of a column without time must be text like 2026-01-31, since the day of a Date depends on the zone',
    );
  }
  const timeMs = timeMsOf(value);
  if (timeMs !== undefined) return timeMs;
  throw new ShardKeyInvalidError(
    property,
    'a date key must be a valid Date, an ISO date, or an ISO date and time with a zone, to the millisecond, in the years 0000 to 9999',
  );
}

/**
 * Writes a date key as an ISO string in UTC with milliseconds.
 *
 * @throws ShardKeyInvalidError as {@link dateMs}.
 */
export function dateText(value: unknown, part: KeyPart): string {
  return new Date(dateMs(value, part)).toISOString();
}

function isoTimeMs(text: string): number {
  const day = ISO_DATE.exec(text)?.[1];
  return day !== undefined && isCalendarDay(day) ? Date.parse(text) : Number.NaN;
}

// Engines let the 30th of February roll over into March.
function isCalendarDay(day: string): boolean {
  const timeMs = Date.parse(day);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(day);
}
