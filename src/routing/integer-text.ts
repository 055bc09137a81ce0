import { ShardKeyInvalidError } from '../errors';

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;
const MAX_DIGITS = 20;
const DECIMAL = /^(-?)0*(\d+)$/;

/**
 * Writes an integer key in decimal, without leading zeros and without a negative zero.
 *
 * Numbers, bigints and strings of one integer give one text, exact beyond 2^53.
 *
 * @throws ShardKeyInvalidError for a fraction, NaN, an unsafe number, a string that is not plain decimal digits with
 *   at most a leading minus, an integer outside -2^63 … 2^64-1, and every other type.
 */
export function integerText(value: unknown, property: string): string {
  if (typeof value === 'number') return numberText(value, property);
  if (typeof value === 'bigint') return bounded(value, property);
  if (typeof value === 'string') return decimalText(value, property);
  throw new ShardKeyInvalidError(property, 'an integer key must be a number, a bigint or a string of decimal digits');
}

function numberText(value: number, property: string): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (!Number.isInteger(value)) throw new ShardKeyInvalidError(property, 'an integer key cannot be a fraction, NaN or infinite');
  throw new ShardKeyInvalidError(property, 'a number beyond 2^53 is not exact: pass a bigint or a string');
}

function decimalText(value: string, property: string): string {
  const [, sign, digits] = DECIMAL.exec(value) ?? [];
  if (digits === undefined) throw new ShardKeyInvalidError(property, 'the string is not an integer in plain decimal digits');
  if (digits.length > MAX_DIGITS) throw beyondRange(property);
  return bounded(BigInt(`${sign}${digits}`), property);
}

function bounded(value: bigint, property: string): string {
  if (value < MIN_INTEGER || value > MAX_INTEGER) throw beyondRange(property);
  return String(value);
}

function beyondRange(property: string): ShardKeyInvalidError {
  return new ShardKeyInvalidError(property, 'the integer does not fit into 64 bits');
}
