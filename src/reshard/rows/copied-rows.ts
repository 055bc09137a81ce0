import type { CopiedColumn } from './copied-column';
import type { CopiedTable } from './movable-table';

/** The texts of a row, in the order of the table's columns; null for NULL on servers, while SQLite writes NULL as a literal. */
export type CopiedRow = readonly (string | null)[];

/** Rows of one table as they travel. */
export interface TableRows {
  /** Name that the table has on every member. */
  readonly table: string;
  /** Columns of the table that the rows were read from. */
  readonly columns: readonly CopiedColumn[];
  /** Places of the primary key's columns. */
  readonly key: readonly number[];
  readonly rows: readonly CopiedRow[];
}

/** Rows of a group's tables, parents before children. */
export interface CopiedRows {
  readonly tables: readonly TableRows[];
  /** Rows of all tables together. */
  readonly count: number;
}

/** Gathers what was read of tables. */
export function copiedRows(tables: readonly TableRows[]): CopiedRows {
  return { tables, count: tables.reduce((sum, { rows }) => sum + rows.length, 0) };
}

/** Rows that were read of a table. */
export function tableRows({ table, columns, key }: CopiedTable, rows: readonly CopiedRow[]): TableRows {
  return { table, columns, key: key.map((column) => columns.indexOf(column)), rows };
}

/** A text that is the same for the same row only. */
export function keyText({ key }: TableRows, row: CopiedRow): string {
  const [only] = key;
  return key.length === 1 && only !== undefined ? String(row[only]) : JSON.stringify(key.map((place) => row[place]));
}
