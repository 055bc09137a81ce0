import { timeMsOf } from './date-text';
import { isPosition, type Position, positionOf } from './position';

const INTEGER = /^-?\d{1,20}$/;

/**
 * Reads the `from` of a range or an epoch: an integer, a string of one, or a point in time as the milliseconds that a date key has
 * for its position.
 *
 * @returns The position, or undefined when the value is none of these.
 */
export function entryPosition(from: unknown): Position | undefined {
  if (typeof from === 'bigint') return positionOf(from);
  if (typeof from === 'number') return isPosition(from) ? from + 0 : undefined;
  if (typeof from === 'string' && INTEGER.test(from)) return positionOf(BigInt(from));
  return timeMsOf(from);
}
