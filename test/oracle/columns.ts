import type { ColumnOptions, PrimaryColumnOptions } from 'typeorm';
import type { DatabaseKind } from '../database';

/** What kind of values a column holds. */
export type ColumnFamily =
  | 'integer'
  | 'bigint'
  | 'decimal'
  | 'double'
  | 'single'
  | 'boolean'
  | 'time'
  | 'date'
  | 'choice'
  | 'uuid'
  | 'bytes'
  | 'text';

/** One column of a generated entity. */
export interface ColumnFact {
  readonly property: string;
  readonly family: ColumnFamily;
  readonly options: ColumnOptions;
  /** Whether two different texts may be equal, so that a group's or a DISTINCT's text is any of them. */
  readonly loose: boolean;
  /** Whether the database has LIKE for it. */
  readonly like: boolean;
}

/** A nondeterministic collation that the test databases get, since PostgreSQL comes with none. */
export const LOOSE_COLLATION = 'oracle_loose';

export const CHOICES = ['small', 'large', 'medium'] as const;

type Dialect = 'mariadb' | 'postgres' | 'sqlite';

const TYPES: Readonly<Record<Dialect, Readonly<Record<Exclude<ColumnFamily, 'text'>, ColumnOptions>>>> = {
  mariadb: {
    integer: { type: 'int' },
    bigint: { type: 'bigint' },
    decimal: { type: 'decimal', precision: 30, scale: 10 },
    double: { type: 'double' },
    single: { type: 'float' },
    boolean: { type: 'boolean' },
    time: { type: 'datetime', precision: 6 },
    date: { type: 'date' },
    choice: { type: 'enum', enum: [...CHOICES] },
    uuid: { type: 'uuid' },
    bytes: { type: 'varbinary', length: 16 },
  },
  postgres: {
    integer: { type: 'int' },
    bigint: { type: 'bigint' },
    decimal: { type: 'decimal', precision: 30, scale: 10 },
    double: { type: 'double precision' },
    single: { type: 'real' },
    boolean: { type: 'boolean' },
    time: { type: 'timestamp', precision: 6 },
    date: { type: 'date' },
    choice: { type: 'enum', enum: [...CHOICES] },
    uuid: { type: 'uuid' },
    bytes: { type: 'bytea' },
  },
  sqlite: {
    integer: { type: 'int' },
    bigint: { type: 'bigint' },
    decimal: { type: 'decimal' },
    double: { type: 'double' },
    single: { type: 'real' },
    boolean: { type: 'boolean' },
    time: { type: 'datetime' },
    date: { type: 'date' },
    choice: { type: 'simple-enum', enum: [...CHOICES] },
    uuid: { type: 'varchar', length: 36 },
    bytes: { type: 'blob' },
  },
};

/** What a text column compares by; `loose` where different texts may be equal. */
interface TextOrder {
  readonly collation?: string;
  readonly loose: boolean;
}

const TEXT_ORDERS: Readonly<Record<Dialect, Readonly<Record<TextProperty, TextOrder>>>> = {
  mariadb: {
    folded: { collation: 'utf8mb4_general_ci', loose: true },
    spoken: { collation: 'utf8mb4_unicode_ci', loose: true },
    padded: { collation: 'utf8mb4_bin', loose: true },
    exact: { collation: 'utf8mb4_nopad_bin', loose: false },
    modern: { collation: 'utf8mb4_uca1400_ai_ci', loose: true },
  },
  postgres: {
    folded: { collation: LOOSE_COLLATION, loose: true },
    spoken: { collation: 'en-US-x-icu', loose: false },
    padded: { loose: false },
    exact: { collation: 'C', loose: false },
    modern: { collation: 'de-x-icu', loose: false },
  },
  sqlite: {
    folded: { collation: 'NOCASE', loose: true },
    spoken: { collation: 'RTRIM', loose: true },
    padded: { loose: false },
    exact: { collation: 'BINARY', loose: false },
    modern: { collation: 'NOCASE', loose: true },
  },
};

type TextProperty = 'folded' | 'spoken' | 'padded' | 'exact' | 'modern';

/** The part of a database kind that decides types and collations. */
export function dialectOf(kind: DatabaseKind): Dialect {
  return kind === 'mariadb' || kind === 'postgres' ? kind : 'sqlite';
}

/** A column of a family, nullable. */
export function column(kind: DatabaseKind, property: string, family: Exclude<ColumnFamily, 'text'>): ColumnFact {
  return { property, family, options: { ...TYPES[dialectOf(kind)][family], nullable: true }, loose: false, like: false };
}

/** A text column in one of the five orders, nullable; in a schema it may have another name. */
export function text(kind: DatabaseKind, order: TextProperty, property: string = order): ColumnFact {
  const { collation, loose } = TEXT_ORDERS[dialectOf(kind)][order];
  const options: ColumnOptions = { type: 'varchar', length: 150, nullable: true, ...(collation && { collation }) };
  return { property, family: 'text', options, loose, like: collation !== LOOSE_COLLATION };
}

/** What keys are stored as: compared byte for byte on shards and on the one database alike. */
export function keyOptions(kind: DatabaseKind): PrimaryColumnOptions {
  return { type: 'varchar', length: 40, ...(kind === 'mariadb' && { collation: 'utf8mb4_nopad_bin' }) };
}
