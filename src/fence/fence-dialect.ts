import type { DataSource } from 'typeorm';
import { isMysql, isSqlite } from '../metadata';

/** The three dialects in which the fence is written; MariaDB speaks MySQL's. */
export type FenceDialect = 'mysql' | 'postgres' | 'sqlite';

/** The dialect of a data source's database. */
export function fenceDialect(source: DataSource): FenceDialect {
  if (isMysql(source)) return 'mysql';
  return isSqlite(source) ? 'sqlite' : 'postgres';
}

/** Writes a text as a literal. What cannot be written in every mode of the server alike matches nothing, and so is refused by the guard. */
export function textLiteral(dialect: FenceDialect, text: string): string {
  const quoted = text.replaceAll("'", "''");
  return `'${dialect === 'mysql' ? quoted.replaceAll('\\', '\\\\') : quoted}'`;
}

/** A path such as `schema.table`, each part quoted. */
export function quotedPath(source: DataSource, path: string): string {
  return path
    .split('.')
    .map((part) => source.driver.escape(part))
    .join('.');
}

/** The schema that the data source keeps tables of its own in; only PostgreSQL has one that is not the database. */
export function ownSchema(source: DataSource): string | undefined {
  return source.options.type === 'postgres' ? source.options.schema : undefined;
}
