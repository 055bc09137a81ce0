import type { QueryRunner } from 'typeorm';
import { type ShardDataSource, undo } from '../cluster';
import { ControlTablesError } from '../errors';
import { comparePositions, type RoutingTable } from '../routing';
import { CONTROL_TABLES, controlNames, createControlTables, FENCE_SCHEMA_VERSION } from './control-tables';
import { databaseFault } from './database-fault';
import { fenceDialect } from './fence-dialect';
import type { OwnershipRow } from './ownership-row';
import { parameter, positionParameter, rowColumns, rowValues, selectRows, toRow } from './ownership-sql';
import { privileged } from './privileges';
import { rowsAtRest } from './rows-at-rest';
import { probeTriggers } from './trigger-probe';
import { withRunner } from './with-runner';

/** A group to provision, as it is placed now. */
export interface ProvisionedGroup {
  readonly name: string;
  readonly table: RoutingTable;
  /** The topology version that the placement has; 0 before there is a topology. */
  readonly version: number;
}

/** How many rows one statement inserts. */
const BATCH_ROWS = 200;

/**
 * Makes the control tables of a member's database where they are missing, and the member's rows of each group: they tile the whole line
 * and are at rest. Idempotent, and safe in several processes at once: rows that are there stay as they are, whatever moves.
 *
 * @throws {FencePrivilegeError} naming the grant when the user lacks a right, that to make triggers included.
 * @throws {ControlTablesError} when the tables are of a newer version, or the rows that are there do not tile the line.
 * @throws {ConfigurationError} when a placement cannot be said in rows; then nothing was sent.
 */
export function provision(source: ShardDataSource, groups: readonly ProvisionedGroup[]): Promise<void> {
  const { shard } = source.context;
  const wanted = groups.map(({ name, table, version }) => ({ group: name, rows: rowsAtRest(table, { shard, group: name, version }) }));
  return withRunner(source, async (runner) => {
    await provisionTables(source, runner);
    for (const { group, rows } of wanted) await provisionRows(source, runner, group, rows);
    await probeTriggers(source, runner);
  });
}

/**
 * The version of the control tables in a member's database, for start-up to compare with {@link FENCE_SCHEMA_VERSION}.
 *
 * @returns undefined when the database was never provisioned.
 */
export function provisionedVersion(source: ShardDataSource): Promise<number | undefined> {
  return withRunner(source, (runner) => readVersion(source, runner));
}

/** Whether a member's database has control tables, asked on the runner itself; in a transaction on PostgreSQL no error may tell it. */
export async function isProvisioned(runner: QueryRunner): Promise<boolean> {
  const source = runner.dataSource as ShardDataSource;
  if (fenceDialect(source) !== 'postgres') return (await readVersion(source, runner)) !== undefined;
  const [row] = await runner.query('SELECT to_regclass($1) AS found', [controlNames(source).control]);
  return row.found !== null;
}

/** All of a member's rows of a group, in order. @throws the database's error when it was never provisioned. */
export async function readOwnership(source: ShardDataSource, runner: QueryRunner, group: string): Promise<readonly OwnershipRow[]> {
  const owner = `WHERE shard = ${parameter(source, 0)} AND ${source.driver.escape('group')} = ${parameter(source, 1)}`;
  const found: readonly Record<string, string>[] = await runner.query(selectRows(source, owner), [source.context.shard, group]);
  return found.map(toRow).sort((a, b) => comparePositions(a.since, b.since));
}

async function readVersion(source: ShardDataSource, runner: QueryRunner): Promise<number | undefined> {
  try {
    const [row] = await runner.query(`SELECT schema_version AS version FROM ${controlNames(source).control} WHERE id = 1`);
    return row && Number(row.version);
  } catch (error) {
    if (databaseFault(error) === 'noTable') return undefined;
    if (databaseFault(error) !== 'denied') throw error;
    // MySQL says of a table that is not there, too, that it is denied to a user without rights on it.
    if (await runner.hasTable(CONTROL_TABLES.control)) throw error;
    return undefined;
  }
}

/** The tables are made only where they are missing, so that a later run needs no right to create tables. */
async function provisionTables(source: ShardDataSource, runner: QueryRunner): Promise<void> {
  const { shard } = source.context;
  const version = await readVersion(source, runner);
  if (version === FENCE_SCHEMA_VERSION) return;
  if (version !== undefined) {
    throw new ControlTablesError(shard, `they have version ${version}, and this library reads version ${FENCE_SCHEMA_VERSION}`);
  }
  const work = { shard, step: 'tables', operation: `create the tables ${Object.values(CONTROL_TABLES).join(', ')}` } as const;
  await privileged(source, work, async () => {
    for (const statement of createControlTables(source)) await createOne(runner, statement);
  });
}

/** When others create it at the same time PostgreSQL may fail in spite of IF NOT EXISTS; then it is there. */
async function createOne(runner: QueryRunner, statement: string): Promise<void> {
  await runner.query(statement).catch((error: unknown) => {
    if (databaseFault(error) !== 'duplicate') throw error;
  });
}

async function provisionRows(source: ShardDataSource, runner: QueryRunner, group: string, rows: readonly OwnershipRow[]): Promise<void> {
  const { shard } = source.context;
  const work = { shard, step: 'rows', operation: `write the rows of ${CONTROL_TABLES.ownership}` } as const;
  await privileged(source, work, async () => {
    if ((await readOwnership(source, runner, group)).length === 0) await insertAll(source, runner, rows);
    const fault = tilingFault(await readOwnership(source, runner, group), rows);
    if (fault) throw new ControlTablesError(shard, `the rows of group ${group} ${fault}`);
  });
}

/** All or none, so that a process that dies leaves nothing half done; who comes second finds them there. */
async function insertAll(source: ShardDataSource, runner: QueryRunner, rows: readonly OwnershipRow[]): Promise<void> {
  await runner.startTransaction();
  try {
    for (let at = 0; at < rows.length; at += BATCH_ROWS) await insertBatch(source, runner, rows.slice(at, at + BATCH_ROWS));
    await runner.commitTransaction();
  } catch (error) {
    await undo(runner);
    if (databaseFault(error) !== 'duplicate' && databaseFault(error) !== 'blocked') throw error;
  }
}

async function insertBatch(source: ShardDataSource, runner: QueryRunner, rows: readonly OwnershipRow[]): Promise<void> {
  const columns = rowColumns(source);
  const tuples = rows.map((_, row) => `(${columns.map((name, column) => placed(source, name, row * columns.length + column)).join(', ')})`);
  const insert = `INSERT INTO ${controlNames(source).ownership} (${columns.join(', ')}) VALUES ${tuples.join(', ')}`;
  await runner.query(insert, rows.flatMap(rowValues));
}

const POSITIONS = new Set(['since', 'upto', 'watermark', 'frontier', 'capture']);

function placed(source: ShardDataSource, column: string, index: number): string {
  return POSITIONS.has(column) && fenceDialect(source) === 'sqlite' ? positionParameter(source, index) : parameter(source, index);
}

/** What is wrong with rows that must leave no gap and reach as far as those wanted; cuts between them are fine. */
function tilingFault(rows: readonly OwnershipRow[], wanted: readonly OwnershipRow[]): string | undefined {
  if (rows[0]?.since !== wanted[0]?.since || rows.at(-1)?.upto !== wanted.at(-1)?.upto) return 'do not reach from end to end of the line';
  const gap = rows.some((row, index) => index > 0 && rows[index - 1]?.upto !== row.since);
  return gap ? 'leave a gap or overlap' : undefined;
}
