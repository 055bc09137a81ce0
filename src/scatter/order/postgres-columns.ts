import type { EntityManager, EntityMetadata } from 'typeorm';
import type { Driver } from 'typeorm/driver/Driver';
import type { TableFacts } from './facts';

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly isEnum: boolean;
  readonly labels: string | null;
  readonly schema: string | null;
  readonly collation: string | null;
  readonly version: string | null;
}

interface DatabaseRow {
  readonly datcollate: string;
  readonly datcollversion?: string | null;
  readonly datlocprovider?: string;
  readonly daticulocale?: string | null;
  readonly datlocale?: string | null;
}

const COLUMNS = `SELECT a.attname AS "name", format_type(a.atttypid, a.atttypmod) AS "type", t.typtype = 'e' AS "isEnum",
  (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = a.atttypid) AS "labels",
  n.nspname AS "schema", c.collname AS "collation", pg_collation_actual_version(c.oid) AS "version"
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_collation c ON c.oid = a.attcollation LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
  WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`;

/** As JSON, because the names of these columns differ from version to version. */
const DATABASE = 'SELECT to_jsonb(d) AS "row" FROM pg_database d WHERE datname = current_database()';

const BYTEWISE = new Set(['C', 'POSIX', 'ucs_basic']);

/** Reads the columns of a table of PostgreSQL. */
export async function postgresColumns(manager: EntityManager, metadata: EntityMetadata): Promise<TableFacts> {
  const { driver } = manager.dataSource;
  const path = metadata.tablePath
    .split('.')
    .map((part) => driver.escape(part))
    .join('.');
  // One after another: both may have to run on the one connection of a transaction.
  const rows: readonly ColumnRow[] = await manager.query(COLUMNS, [path]);
  const [database]: readonly { readonly row: DatabaseRow }[] = await manager.query(DATABASE);
  const inherited = database ? collationOf(database.row) : '';
  return new Map(rows.map((row) => [row.name, factsOf(row, inherited, driver)]));
}

function factsOf({ type, isEnum, labels, schema, collation, version }: ColumnRow, inherited: string, driver: Driver) {
  if (collation === null) return { type, isEnum, signature: labels ?? bare(type) };
  const isDefault = collation === 'default';
  const own = isDefault ? inherited : `${schema}.${collation} ${version ?? ''}`;
  return {
    type,
    isEnum,
    collation: `${driver.escape(schema ?? 'pg_catalog')}.${driver.escape(collation)}`,
    isBytewise: /^(character varying|text)/.test(type) && BYTEWISE.has(isDefault ? inherited : collation),
    signature: `${bare(type)} ${own}`,
  };
}

/** A type without its length, which does not matter for the order. */
function bare(type: string): string {
  return type.replace(/\(.*?\)/, '');
}

/** What the database's default collation is; only its name where nothing else decides how it compares. */
function collationOf({ datcollate, datcollversion, datlocprovider, daticulocale, datlocale }: DatabaseRow): string {
  if (datlocprovider === undefined || datlocprovider === 'c') return [datcollate, datcollversion].filter(Boolean).join(' ');
  return [datlocprovider, daticulocale ?? datlocale ?? datcollate, datcollversion].filter(Boolean).join(' ');
}
