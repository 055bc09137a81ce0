import type { DataSource, QueryRunner } from 'typeorm';
import { isMysql } from '../metadata';

/** Where a database keeps what it belongs to: one row for each member of the cluster that lives in it. */
export const IDENTITY_TABLE = '_shard_identity';

/** How the rows of one table were spread when they were written. */
export interface TableIdentity {
  /** `sharded`, `reference`, or `unsharded on` a shard; for sharded tables with the columns of the key. */
  readonly kind: string;
  /** Checksum of the routing table; empty for tables that are not sharded. */
  readonly checksum: string;
  /** Checksum of a placement that rows are moving to, or from: it agrees as well. */
  readonly next?: string;
}

/** What a database remembers of one member, from the first start on. */
export interface Identity {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Random id of the cluster, made at its first start: two clusters of one name are told apart. */
  readonly clusterId: string;
  readonly shard: string;
  /** Suffix of the member's tables; it tells the members of one database apart. */
  readonly suffix: string;
  /** By the name of the table, without suffix. */
  readonly tables: Readonly<Record<string, TableIdentity>>;
  /** What the checksums stand for, for people: the placement and the shards. */
  readonly placements: Readonly<Record<string, string>>;
}

/** Reads what a database remembers of the member with the given suffix; creates the table when there is none. */
export async function readIdentity(dataSource: DataSource, suffix: string): Promise<Identity | undefined> {
  return withRunner(dataSource, async (runner) => {
    const read = () => selectIdentity(runner, dataSource, suffix);
    // The table is created only when reading it fails, so that later starts need no right to create tables.
    const [row] = await read().catch(() => createThen(read, runner, dataSource));
    return row && toIdentity(row);
  });
}

/** Reads what a database remembers as {@link readIdentity} does, but creates nothing. */
export async function peekIdentity(dataSource: DataSource, suffix: string): Promise<Identity | undefined> {
  return withRunner(dataSource, async (runner) => {
    try {
      const [row] = await selectIdentity(runner, dataSource, suffix);
      return row && toIdentity(row);
    } catch (error) {
      if (await runner.hasTable(tablePath(dataSource))) throw error;
      return undefined;
    }
  });
}

function selectIdentity(runner: QueryRunner, dataSource: DataSource, suffix: string): Promise<readonly Record<string, string>[]> {
  const select = `SELECT * FROM ${tableName(dataSource)} WHERE ${quoted(dataSource, 'suffix')} = ${place(dataSource, 0)}`;
  return runner.query(select, [suffix]);
}

/** When others create the table at the same time, PostgreSQL may fail in spite of IF NOT EXISTS; then the table is there. */
async function createThen<T>(read: () => Promise<T>, runner: QueryRunner, dataSource: DataSource): Promise<T> {
  try {
    await createTable(runner, dataSource);
  } catch (error) {
    return read().catch(() => Promise.reject(error));
  }
  return read();
}

/** Writes an identity where there is none for its suffix, and reads what stands there then: another process may have been first. */
export async function insertIdentity(dataSource: DataSource, identity: Identity): Promise<Identity> {
  const values = toRow(identity);
  const names = Object.keys(values).map((column) => quoted(dataSource, column));
  const places = names.map((_, index) => place(dataSource, index));
  const insert = `INSERT INTO ${tableName(dataSource)} (${names.join(', ')}) VALUES (${places.join(', ')})`;
  const failure = await withRunner(dataSource, (runner) => runner.query(insert, Object.values(values))).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const stored = await readIdentity(dataSource, identity.suffix);
  if (!stored) throw failure?.error ?? new Error(`${IDENTITY_TABLE} does not keep what is written to it.`);
  return stored;
}

/** Replaces what a database remembers under the identity's suffix. */
export async function updateIdentity(dataSource: DataSource, identity: Identity): Promise<void> {
  const { suffix, ...values } = toRow(identity);
  const assignments = Object.keys(values).map((column, index) => `${quoted(dataSource, column)} = ${place(dataSource, index)}`);
  const key = `${quoted(dataSource, 'suffix')} = ${place(dataSource, assignments.length)}`;
  const update = `UPDATE ${tableName(dataSource)} SET ${assignments.join(', ')} WHERE ${key}`;
  await withRunner(dataSource, (runner) => runner.query(update, [...Object.values(values), suffix]));
}

function toRow(identity: Identity) {
  return {
    suffix: identity.suffix,
    shard: identity.shard,
    cluster: identity.cluster,
    cluster_id: identity.clusterId,
    sharding: JSON.stringify({ tables: identity.tables, placements: identity.placements }),
  };
}

function toIdentity(row: Readonly<Record<string, string>>): Identity {
  return {
    suffix: row.suffix ?? '',
    shard: row.shard ?? '',
    cluster: row.cluster ?? '',
    clusterId: row.cluster_id ?? '',
    ...JSON.parse(row.sharding ?? '{}'),
  };
}

async function createTable(runner: QueryRunner, dataSource: DataSource): Promise<void> {
  const schema = schemaOf(dataSource);
  if (schema !== undefined && !(await runner.hasSchema(schema))) await runner.createSchema(schema, true);
  const name = (column: string) => quoted(dataSource, column);
  const text = (column: string, length: number) => `${name(column)} VARCHAR(${length}) NOT NULL`;
  const columns = [
    text('suffix', 40),
    text('shard', 190),
    text('cluster', 100),
    text('cluster_id', 60),
    `${name('sharding')} ${isMysql(dataSource) ? 'MEDIUMTEXT' : 'TEXT'} NOT NULL`,
  ];
  await runner.query(`CREATE TABLE IF NOT EXISTS ${tableName(dataSource)} (${columns.join(', ')}, PRIMARY KEY (${name('suffix')}))`);
}

function tableName(dataSource: DataSource): string {
  const schema = schemaOf(dataSource);
  const table = quoted(dataSource, IDENTITY_TABLE);
  return schema === undefined ? table : `${quoted(dataSource, schema)}.${table}`;
}

function tablePath(dataSource: DataSource): string {
  const schema = schemaOf(dataSource);
  return schema === undefined ? IDENTITY_TABLE : `${schema}.${IDENTITY_TABLE}`;
}

function schemaOf(dataSource: DataSource): string | undefined {
  return dataSource.options.type === 'postgres' ? dataSource.options.schema : undefined;
}

function quoted(dataSource: DataSource, name: string): string {
  return dataSource.driver.escape(name);
}

function place(dataSource: DataSource, index: number): string {
  return dataSource.driver.createParameter(`p${index}`, index);
}

async function withRunner<T>(dataSource: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = dataSource.createQueryRunner('master');
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}
