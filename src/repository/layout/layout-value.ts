import { isDeepStrictEqual } from 'node:util';
import { LayoutValueError } from '../../errors';

/** Bytes that the value column holds: MySQL's MEDIUMTEXT, the smallest of the databases' types. */
export const MAX_VALUE_BYTES = 2 ** 24 - 1;

/**
 * Turns a layout's value into the JSON text that is stored.
 *
 * @throws {LayoutValueError} when reading it back would give another value, or when it is too large or nested too deeply.
 */
export function toStoredText(layout: string, value: unknown): string {
  const text = textThatSurvives(layout, value);
  if (text === undefined) {
    throw new LayoutValueError(
      layout,
      'it does not survive JSON unchanged; use plain objects, arrays, strings, finite numbers, booleans and null',
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_VALUE_BYTES) throw new LayoutValueError(layout, `it takes ${bytes} bytes as JSON, and at most ${MAX_VALUE_BYTES} fit`);
  return text;
}

/** The JSON text; undefined when reading it back gives another value. Cycles, bigints and deep nesting make it throw. */
function textThatSurvives(layout: string, value: unknown): string | undefined {
  try {
    const text: string | undefined = JSON.stringify(value);
    return text !== undefined && isDeepStrictEqual(JSON.parse(text), value) ? text : undefined;
  } catch (error) {
    throw new LayoutValueError(layout, 'it cannot be written as JSON, or is nested too deeply', { cause: error });
  }
}
