import type { QueryRunner } from 'typeorm';
import { quotedPath } from '../../fence';
import { byName, type CopiedColumn, type TableCatalog } from './copied-column';

/** What `hidden` of pragma_table_xinfo says; 1 is a parameter of a virtual table. */
const [VIRTUAL, STORED] = [2, 3];

/**
 * Describes a table of SQLite. A value travels as a literal of its own storage class, whatever the column's declared type; a text as its
 * bytes, since it may hold zero bytes and need not be well-formed.
 */
export async function describeSqliteTable(runner: QueryRunner, path: string): Promise<TableCatalog | string> {
  const { dataSource } = runner;
  const [table, schema] = path.split('.').reverse() as [string, string?];
  const found: readonly { readonly name: string; readonly hidden: number }[] = await runner.query(
    `SELECT name, hidden FROM pragma_table_xinfo(${text(table)}${schema === undefined ? '' : `, ${text(schema)}`})`,
  );
  if (found.length === 0) return 'there is no such table. Make it as on the other shards, by synchronize or a migration.';
  const [{ encoding }] = (await runner.query('PRAGMA encoding')) as [{ readonly encoding: string }];
  const own = quotedPath(dataSource, path);
  const stored = byName(found.filter(({ hidden }) => hidden !== 1));
  const describe = ({ name, hidden }: (typeof found)[number]): CopiedColumn => ({
    name,
    isGenerated: hidden === VIRTUAL || hidden === STORED,
    encoding,
    read: literalOf(`${own}.${dataSource.driver.escape(name)}`),
    write: (literal) => literal,
    show: (literal) => shown(literal, encoding),
  });
  return { columns: stored.map(describe), indexes: new Map() };
}

const [TEXT_BEGINS, TEXT_ENDS] = ["CAST(X'", "' AS TEXT)"];

function literalOf(column: string): string {
  return `CASE typeof(${column}) WHEN 'text' THEN ${text(TEXT_BEGINS)} || hex(${column}) || ${text(TEXT_ENDS)} ELSE quote(${column}) END`;
}

function shown(literal: string, encoding: string): string {
  if (!literal.startsWith(TEXT_BEGINS)) return literal;
  const bytes = Buffer.from(literal.slice(TEXT_BEGINS.length, -TEXT_ENDS.length), 'hex');
  if (encoding === 'UTF-16be') bytes.swap16();
  return bytes.toString(encoding === 'UTF-8' ? 'utf8' : 'utf16le');
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
