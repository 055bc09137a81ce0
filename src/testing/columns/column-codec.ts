import type { ValueTransformer } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { ColumnForm, ValueKind } from './column-form';
import { decimalText } from './decimal-text';

/** The largest integer that SQLite keeps exactly; larger ones become floating point numbers. */
const MAX_INTEGER = 2n ** 63n - 1n;

type Codecs = Readonly<Record<Exclude<ValueKind, 'as is'>, (column: ColumnMetadata) => ValueTransformer>>;

const CODECS: Codecs = {
  bigint: () => codec(exactInteger, (value) => String(value)),
  decimal: ({ scale }) =>
    codec(
      (value) => decimalText(value as string, scale),
      (value) => decimalText(value as string, scale),
    ),
  json: () => codec((value) => JSON.stringify(value), parsedJson),
  bytes: () =>
    codec(
      (value) => value,
      (value) => Buffer.from(value as Uint8Array),
    ),
};

/**
 * What TypeORM's conversions lack for a column so that its values come back as from MySQL and PostgreSQL; undefined for nothing.
 *
 * TypeORM converts what it reads back after an insert twice, so each conversion leaves alone what it has made.
 */
export function columnCodec(column: ColumnMetadata, form: ColumnForm, prepare: ElementConversions): ValueTransformer | undefined {
  const own = form.kind === 'as is' ? undefined : CODECS[form.kind](column);
  return column.isArray ? arrayCodec(own, prepare) : own;
}

/** How TypeORM converts one element of an array. */
export interface ElementConversions {
  to(value: unknown): unknown;
  from(value: unknown): unknown;
}

function arrayCodec(own: ValueTransformer | undefined, prepare: ElementConversions): ValueTransformer {
  const to = (element: unknown) => prepare.to(own && element !== null ? own.to(element) : element);
  const from = (element: unknown) => (own && element !== null ? own.from(prepare.from(element)) : prepare.from(element));
  return codec(
    (value) => JSON.stringify((value as readonly unknown[]).map(to)),
    (value) => (Array.isArray(value) ? value : (JSON.parse(value as string) as readonly unknown[]).map(from)),
  );
}

function codec(to: (value: unknown) => unknown, from: (value: unknown) => unknown): ValueTransformer {
  const unlessNull = (convert: typeof to) => (value: unknown) => (value === null || value === undefined ? value : convert(value));
  return { to: unlessNull(to), from: unlessNull(from) };
}

/** TypeORM hydrates what it reads back after an insert twice, so a text that is no JSON is a value already, as its MySQL driver sees it. */
function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** @throws RangeError for an integer that SQLite would round. */
function exactInteger(value: unknown): unknown {
  if (typeof value === 'string' && /^\d{19,}$/.test(value) && BigInt(value) > MAX_INTEGER) {
    throw new RangeError('An unsigned integer above 2^63 - 1 cannot be kept exactly by the SQLite of a test cluster.');
  }
  return value;
}
