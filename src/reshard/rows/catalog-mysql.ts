import type { QueryRunner } from 'typeorm';
import { byName, type CopiedColumn, type TableCatalog } from './copied-column';

/** A row of information_schema.COLUMNS, under names that are the same on every server. */
interface FoundColumn {
  readonly name: string;
  readonly data_type: string;
  readonly column_type: string;
  readonly charset: string | null;
  readonly extra: string;
}

/** How values of a type are read and written. */
type Codec = Pick<CopiedColumn, 'encoding' | 'read' | 'write' | 'show'>;

/**
 * Describes a table of MySQL or MariaDB. Texts and bytes travel in hexadecimal, in the column's own character set, so that nothing is
 * converted; ENUM, SET and BIT as numbers; FLOAT as the DOUBLE of the same value, since its own text is rounded.
 */
export async function describeMysqlTable(runner: QueryRunner, path: string): Promise<TableCatalog | string> {
  const place = placeOf(path);
  const found: readonly FoundColumn[] = await runner.query(
    'SELECT COLUMN_NAME AS name, DATA_TYPE AS data_type, COLUMN_TYPE AS column_type, CHARACTER_SET_NAME AS charset, EXTRA AS extra ' +
      `FROM information_schema.COLUMNS WHERE ${IN_PLACE}`,
    place,
  );
  if (found.length === 0) return 'there is no such table. Make it as on the other shards, by synchronize or a migration.';
  const columns = byName(found).map((each) => describe(each, `${quoted(path)}.${quoted(each.name)}`));
  const unknown = columns.filter((column) => typeof column === 'string');
  if (unknown.length > 0) return `no exact form is known for the type of ${unknown.join(', ')}.`;
  return { columns: columns.filter((column) => typeof column !== 'string'), indexes: await readIndexes(runner, place) };
}

const IN_PLACE = 'TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?';

function placeOf(path: string): [schema: string | null, table: string] {
  const [table, schema] = path.split('.').reverse() as [string, string?];
  return [schema ?? null, table];
}

/** The shortest index beginning with a column is the one read with the least. */
async function readIndexes(runner: QueryRunner, place: readonly unknown[]): Promise<ReadonlyMap<string, string>> {
  const found: readonly { readonly name: string; readonly first: string }[] = await runner.query(
    `SELECT INDEX_NAME AS name, MAX(CASE WHEN SEQ_IN_INDEX = 1 AND INDEX_TYPE = 'BTREE' THEN COLUMN_NAME END) AS first ` +
      `FROM information_schema.STATISTICS WHERE ${IN_PLACE} GROUP BY INDEX_NAME ORDER BY INDEX_NAME = 'PRIMARY', COUNT(*) DESC, INDEX_NAME`,
    [...place],
  );
  return new Map(found.filter(({ first }) => first !== null).map(({ name, first }) => [first, quoted(name)]));
}

function describe({ name, data_type, column_type, charset, extra }: FoundColumn, column: string): CopiedColumn | string {
  const codec = codecOf(data_type.toLowerCase(), { column, column_type, charset });
  return codec ? { name, isGenerated: /\b(VIRTUAL|STORED|PERSISTENT)\b/i.test(extra), ...codec } : `${name} (${column_type})`;
}

interface Place {
  readonly column: string;
  readonly column_type: string;
  readonly charset: string | null;
}

const plain = (text: string) => text;
const literal = (text: string) => `'${text}'`;

const NUMBERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year']);
const WORDS = new Set(['date', 'datetime', 'timestamp', 'time', 'uuid', 'inet4', 'inet6']);
const TEXTS = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']);
const BYTES = new Set(['binary', 'varbinary', 'vector', 'tinyblob', 'blob', 'mediumblob', 'longblob']);
const SHAPES = new Set([
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
  'geomcollection',
]);

function codecOf(type: string, { column, column_type, charset }: Place): Codec | undefined {
  const text = `CAST(${column} AS CHAR)`;
  if (NUMBERS.has(type)) return { encoding: 'number', read: text, write: plain, show: plain };
  if (WORDS.has(type)) return { encoding: type, read: text, write: literal, show: plain };
  if (type === 'float' || type === 'double')
    return { encoding: 'float', read: `CAST(${column} + 0e0 AS CHAR)`, write: literal, show: plain };
  const number = `CAST(CAST(${column} AS UNSIGNED) AS CHAR)`;
  if (type === 'bit') return { encoding: 'bits', read: number, write: plain, show: plain };
  if (type === 'enum' || type === 'set') return { encoding: column_type, read: number, write: plain, show: plain };
  if (TEXTS.has(type) && charset) return { ...hexadecimal(column), ...textOf(charset) };
  if (BYTES.has(type) || SHAPES.has(type)) return { encoding: SHAPES.has(type) ? 'shape' : 'bytes', ...hexadecimal(column) };
  if (type !== 'json') return undefined;
  return { ...hexadecimal(`CONVERT(${column} USING utf8mb4)`), ...textOf('utf8mb4') };
}

/** HEX() answers NULL when its result would be longer than a packet; that must not be taken for a value that is NULL. */
function hexadecimal(column: string): Pick<CopiedColumn, 'read' | 'write' | 'show'> {
  return { read: `COALESCE(HEX(${column}), IF(${column} IS NULL, NULL, '${TOO_LONG}'))`, write: (text) => `X'${text}'`, show: plain };
}

/** Stands for a value that is too long for the server to write it. */
export const TOO_LONG = '!';

function textOf(charset: string): Pick<CopiedColumn, 'encoding' | 'write' | 'show'> {
  return {
    encoding: `text ${charset}`,
    write: (text) => `_${charset} X'${text}'`,
    show: (text) => (/^(utf8|ascii)/.test(charset) ? Buffer.from(text, 'hex').toString('utf8') : text),
  };
}

function quoted(path: string): string {
  return path
    .split('.')
    .map((part) => `\`${part.replaceAll('`', '``')}\``)
    .join('.');
}
