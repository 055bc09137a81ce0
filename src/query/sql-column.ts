import type { SqlDialect, SqlNode } from './sql-tree';

/** A column as a condition names it. */
export interface SqlColumn {
  /** The alias before the dot; undefined where there is none. */
  readonly alias: string | undefined;
  readonly name: string;
}

/** Reads a column; undefined for everything else, and for a column that is compared by another collation than its own. */
export function columnOf(node: SqlNode, dialect: SqlDialect): SqlColumn | undefined {
  // The parser takes a bare quoted name for text where SQLite looks for a column first.
  if (node.type === 'double_quote_string' && dialect === 'sqlite') return { alias: undefined, name: String(node.value) };
  if (node.type !== 'column_ref' || node.collate || node.db || node.schema) return undefined;
  return { alias: aliasOf(node.table), name: nameOf(node, dialect === 'postgres') };
}

function aliasOf(table: unknown): string | undefined {
  if (table === null || table === undefined) return undefined;
  return String(typeof table === 'object' ? (table as SqlNode).value : table);
}

/** PostgreSQL reads a name without quotes in lower case. */
function nameOf({ column }: SqlNode, folds: boolean): string {
  if (typeof column !== 'object' || column === null) return String(column);
  const { type, value } = (column as { readonly expr: SqlNode }).expr;
  return folds && type === 'default' ? String(value).toLowerCase() : String(value);
}
