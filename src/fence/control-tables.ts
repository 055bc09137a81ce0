import type { DataSource } from 'typeorm';
import { type FenceDialect, fenceDialect, ownSchema, quotedPath } from './fence-dialect';

/**
 * The control tables, one of each in a database, shared by its partitions:
 *
 *   _shard_control     one row: the version of these tables and, on SQLite, the token of the mover whose transaction is open
 *   _shard_ownership   what each member owns, as rows that tile the line; see `OwnershipRow`
 *   _shard_log         primary keys written at or above a row's capture, append-only; its ids are in no order of commits
 */
export const CONTROL_TABLES = { control: '_shard_control', ownership: '_shard_ownership', log: '_shard_log' } as const;

/** The index by which a row is found by range, where it is not found by the primary key alone. */
export const UPTO_INDEX = '_shard_ownership_upto';

/** The version of the control tables and of what the triggers expect of them; start-up compares it. */
export const FENCE_SCHEMA_VERSION = 1;

/**
 * The far ends of the line as the database has them: beyond every integer of 64 bits, signed or not. A number rather than NULL, so that
 * marks at an end compare, and an open row is found by the same indexed condition as any other. SQLite keeps it as 1e20, and compares
 * integers with it exactly.
 */
export const FAR_END = '99999999999999999999';

/** The control tables' names as SQL, in the data source's schema. */
export interface ControlNames {
  readonly control: string;
  readonly ownership: string;
  readonly log: string;
}

/** Quotes the names of the control tables. */
export function controlNames(source: DataSource): ControlNames {
  const schema = ownSchema(source);
  const name = (table: string) => quotedPath(source, schema === undefined ? table : `${schema}.${table}`);
  return { control: name(CONTROL_TABLES.control), ownership: name(CONTROL_TABLES.ownership), log: name(CONTROL_TABLES.log) };
}

/** The statements that make the control tables where they are missing, and mark their version. */
export function createControlTables(source: DataSource): readonly string[] {
  const dialect = fenceDialect(source);
  const names = controlNames(source);
  const quote = (name: string) => source.driver.escape(name);
  const options = TABLE_OPTIONS[dialect];
  const tables = [
    `CREATE TABLE IF NOT EXISTS ${names.control} (id INT NOT NULL PRIMARY KEY, schema_version INT NOT NULL, mover DECIMAL(20,0))${options}`,
    `CREATE TABLE IF NOT EXISTS ${names.ownership} (${ownershipColumns(dialect, quote).join(', ')})${options}${MANY_UPDATES[dialect]}`,
    `CREATE TABLE IF NOT EXISTS ${names.log} (${logColumns(dialect, quote).join(', ')})${options}`,
  ];
  return [...tables, ...uptoIndex(dialect, names, quote), insertControl(dialect, names.control)];
}

const TABLE_OPTIONS: Readonly<Record<FenceDialect, string>> = { mysql: ' ENGINE = InnoDB', postgres: '', sqlite: '' };

/** PostgreSQL writes each mark as a new version of its row; with room on the page no index has to know of it. */
const MANY_UPDATES: Readonly<Record<FenceDialect, string>> = { mysql: '', postgres: ' WITH (fillfactor = 50)', sqlite: '' };

/** DECIMAL(20,0) holds every integer key, BIGINT UNSIGNED included, and the far ends; positions of 48 bits are found by it as well. */
const MARK = 'DECIMAL(20,0) NOT NULL';

function nameColumn(dialect: FenceDialect): string {
  return `VARCHAR(190)${dialect === 'mysql' ? ' CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : ''} NOT NULL`;
}

function ownershipColumns(dialect: FenceDialect, quote: (name: string) => string): readonly string[] {
  const name = nameColumn(dialect);
  const rules = ['old_modulus', 'old_residue', 'new_modulus', 'new_residue'].map((each) => `${each} INT NOT NULL`);
  const marks = ['upto', 'watermark', 'frontier', 'capture'].map((each) => `${each} ${MARK}`);
  const key = `PRIMARY KEY (shard, ${quote('group')}, since)`;
  const columns = [`shard ${name}`, `${quote('group')} ${name}`, `since ${MARK}`, ...marks, ...rules];
  const ends = [
    'token BIGINT NOT NULL',
    'version BIGINT NOT NULL',
    key,
    'CHECK (since <= frontier AND frontier <= watermark AND watermark <= upto)',
  ];
  return [...columns, ...ends, ...(dialect === 'mysql' ? [`KEY ${UPTO_INDEX} (shard, ${quote('group')}, upto)`] : [])];
}

/**
 * None on PostgreSQL, which without statistics takes it for as good as the primary key, and then reads all of a group's rows to find one;
 * there rows are found by the primary key from above.
 */
function uptoIndex(dialect: FenceDialect, { ownership }: ControlNames, quote: (name: string) => string): readonly string[] {
  if (dialect !== 'sqlite') return [];
  return [`CREATE INDEX IF NOT EXISTS ${quote(UPTO_INDEX)} ON ${ownership} (shard, ${quote('group')}, upto)`];
}

const LOG_ID: Readonly<Record<FenceDialect, string>> = {
  mysql: 'id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY',
  postgres: 'id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  sqlite: 'id INTEGER PRIMARY KEY AUTOINCREMENT',
};

function logColumns(dialect: FenceDialect, quote: (name: string) => string): readonly string[] {
  const name = nameColumn(dialect);
  const text = dialect === 'mysql' ? 'TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL' : 'TEXT NOT NULL';
  return [LOG_ID[dialect], `shard ${name}`, `${quote('group')} ${name}`, `table_name ${name}`, `position ${MARK}`, `row_key ${text}`];
}

function insertControl(dialect: FenceDialect, control: string): string {
  const insert = `INTO ${control} (id, schema_version) VALUES (1, ${FENCE_SCHEMA_VERSION})`;
  if (dialect === 'postgres') return `INSERT ${insert} ON CONFLICT (id) DO NOTHING`;
  return dialect === 'mysql' ? `INSERT IGNORE ${insert}` : `INSERT OR IGNORE ${insert}`;
}
