import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { storedValue } from '../../metadata';

/** Values of columns as the database gets them. */
export function storedTuple(columns: readonly ColumnMetadata[], values: readonly unknown[]): readonly unknown[] {
  return columns.map((column, index) => storedValue(column, values[index]));
}

/**
 * The text by which stored values of columns that refer to each other are compared, since drivers give one value in several types:
 * bigints as texts and as numbers, for example.
 *
 * @returns undefined when any of them is missing, as nothing is equal to NULL.
 */
export function textOf(values: readonly unknown[]): string | undefined {
  if (values.some((value) => value === undefined || value === null)) return undefined;
  return values.length === 1 ? asText(values[0]) : JSON.stringify(values.map(asText));
}

/** A stored value as entities show it: through the column's transformers. */
export function shownValue(column: ColumnMetadata, stored: unknown): unknown {
  if (!column.transformer) return stored;
  return [column.transformer].flat().reduceRight<unknown>((each, transformer) => transformer.from(each), stored);
}

function asText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}
