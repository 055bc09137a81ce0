/**
 * A column as it is copied. Values travel as texts that the database itself has written, and never as values of JavaScript, which has no
 * type for most of them.
 */
export interface CopiedColumn {
  /** Name, not quoted. */
  readonly name: string;
  /** Whether the database computes it; such a column is compared and not written. */
  readonly isGenerated: boolean;
  /** What the texts mean. Texts of columns with other encodings cannot be told equal, nor written here. */
  readonly encoding: string;
  /** SQL of the column's text: a literal on MySQL and SQLite, the type's own text form on PostgreSQL. */
  readonly read: string;
  /** SQL of the value that a text stands for; on PostgreSQL `text` is SQL of the text. */
  readonly write: (text: string) => string;
  /** A text as people read it. */
  readonly show: (text: string) => string;
}

/** What the database's catalog says of one table. */
export interface TableCatalog {
  /** By name, so that the same table has them in the same order on every member. */
  readonly columns: readonly CopiedColumn[];
  /** Quoted names of indexes by their first column, on MySQL, where statements name the one that they need. */
  readonly indexes: ReadonlyMap<string, string>;
}

/** Answers columns in the order that {@link TableCatalog} has. */
export function byName<T extends { readonly name: string }>(columns: readonly T[]): readonly T[] {
  return [...columns].sort((a, b) => (a.name < b.name ? -1 : 1));
}
