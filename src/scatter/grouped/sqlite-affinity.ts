import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { TypesRequest } from './dialect';

/** What a column of SQLite turns values and what they are compared with into. */
export type Affinity = 'number' | 'text' | 'none';

/** Asks the database for the declared type of a column and takes its affinity from it, by SQLite's rules. */
export async function affinityOf(column: ColumnMetadata | undefined, { query }: TypesRequest): Promise<Affinity> {
  if (!column) return 'none';
  const [row] = await query({
    sql: 'SELECT type FROM pragma_table_info(:sharding_table) WHERE name = :sharding_column',
    parameters: { sharding_table: column.entityMetadata.tableName, sharding_column: column.databaseName },
  });
  const type = row?.type ?? '';
  if (/int/i.test(type)) return 'number';
  if (/char|clob|text/i.test(type)) return 'text';
  return type === '' || /blob/i.test(type) ? 'none' : 'number';
}

/**
 * Whether all values are of the kinds that an affinity is about.
 *
 * SQLite lets a column keep its affinity in a compound select only where no term can have other kinds; with such values, a text in a
 * column of numbers, it is lost, and the database compares the column as it is written.
 */
export function keepsAffinity(affinity: Affinity, values: readonly unknown[]): boolean {
  const kinds = { number: /^[ir]/, text: /^t/, none: /^$/ }[affinity];
  return values.every((value) => value === null || kinds.test(String(value)));
}
