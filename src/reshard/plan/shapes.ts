import type { QueryRunner } from 'typeorm';

/** An index as it is compared: what it is called does not matter. */
export interface IndexShape {
  readonly isUnique: boolean;
  /** Names of columns, in order; `?` for an expression. */
  readonly columns: readonly string[];
}

/** A foreign key of one table to another. Tables are paths without a schema where that is the data source's own. */
export interface ForeignKeyShape {
  readonly table: string;
  readonly references: string;
}

/** How a table is built, as far as it matters whether its rows can live in another database. */
export interface TableShape {
  /** By name: type, nullability and collation, as the database writes them. */
  readonly columns: ReadonlyMap<string, string>;
  /** By name: what a column gets that is not written. */
  readonly defaults: ReadonlyMap<string, string>;
  readonly indexes: readonly IndexShape[];
  /** Names of triggers that are not the library's. */
  readonly triggers: readonly string[];
  /** Of MySQL and MariaDB. */
  readonly engine?: string;
  /** Rows and bytes as the database's statistics have them; undefined where it keeps none. */
  readonly statistics?: { readonly rows: number; readonly bytes: number };
}

/** The questions of one dialect. */
export interface Shapes {
  shape(runner: QueryRunner, path: string): Promise<TableShape>;
  /** All foreign keys of the database. */
  foreignKeys(runner: QueryRunner): Promise<readonly ForeignKeyShape[]>;
}
