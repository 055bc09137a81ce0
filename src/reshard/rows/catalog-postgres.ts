import type { QueryRunner } from 'typeorm';
import { quotedPath } from '../../fence';
import { byName, type CopiedColumn, type TableCatalog } from './copied-column';

interface FoundColumn {
  readonly name: string;
  /** The type without a length, since a cast to a length cuts what is too long without a word. */
  readonly cast: string;
  readonly type: string;
  readonly generated: string;
}

/** Describes a table of PostgreSQL. Every type has a text form of its own, which its input function reads back. */
export async function describePostgresTable(runner: QueryRunner, path: string): Promise<TableCatalog | string> {
  const { dataSource } = runner;
  const found: readonly FoundColumn[] = await runner.query(
    'SELECT attname AS name, format_type(atttypid, -1) AS cast, format_type(atttypid, atttypmod) AS type, attgenerated AS generated ' +
      'FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped',
    [quotedPath(dataSource, path)],
  );
  if (found.length === 0) return 'there is no such table. Make it as on the other shards, by synchronize or a migration.';
  const [encoding] = await runner.query('SHOW server_encoding');
  if (encoding?.server_encoding === 'SQL_ASCII') {
    return 'the database has the encoding SQL_ASCII, whose texts may be any bytes and cannot be copied exactly.';
  }
  const table = quotedPath(dataSource, path);
  const columns = byName(found).map((each) => describe(each, `${table}.${dataSource.driver.escape(each.name)}`));
  return { columns, indexes: new Map() };
}

function describe({ name, cast, type, generated }: FoundColumn, column: string): CopiedColumn {
  return {
    name,
    isGenerated: generated !== '',
    encoding: type,
    read: textOf(cast, column),
    write: (text) => `${text}::${cast}`,
    show: (text) => text,
  };
}

/** A cast of bpchar to text takes its trailing blanks away, which count where it has no length; its output function leaves them. */
function textOf(cast: string, column: string): string {
  return cast === 'bpchar' ? `CASE WHEN ${column} IS NULL THEN NULL ELSE format('%s', ${column}) END` : `${column}::text`;
}
