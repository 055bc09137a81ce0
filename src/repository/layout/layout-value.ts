import { isDeepStrictEqual } from 'node:util';
import { LayoutValueError } from '../../errors';

/** Bytes that the value column holds: MySQL's MEDIUMTEXT, the smallest of the databases' types. */
export const MAX_VALUE_BYTES = 2 ** 24 - 1;

/**
 * Turns a layout's value into the JSON text that is stored.
 *
 * @throws {LayoutValueError} when reading it back would give another value, or when it is too large.
 */
export function toStoredText(layout: string, value: unknown): string {
  const text = stringify(layout, value);
  if (text === undefined || !isDeepStrictEqual(JSON.parse(text), value)) {
    throw new LayoutValueError(
      layout,
      'it does not survive JSON unchanged; use plain objects, arrays, strings, finite numbers, booleans and null',
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_VALUE_BYTES) throw new LayoutValueError(layout, `it takes ${bytes} bytes as JSON, and at most ${MAX_VALUE_BYTES} fit`);
  return text;
}

function stringify(layout: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new LayoutValueError(layout, 'it cannot be written as JSON', { cause: error });
  }
}
