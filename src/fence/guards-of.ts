import type { ShardDataSource } from '../cluster';
import { fenceDialect } from './fence-dialect';
import type { Guard } from './guard';
import { mysqlGuards } from './guard-mysql';
import { postgresGuards } from './guard-postgres';
import { sqliteGuards } from './guard-sqlite';
import { type FencedGroup, guardedTables } from './guarded-table';

const WRITERS = { mysql: mysqlGuards, postgres: postgresGuards, sqlite: sqliteGuards } as const;

/**
 * The guards that a member must have while it is armed.
 *
 * @throws {ConfigurationError} when a table of the groups cannot be guarded.
 */
export function guardsOf(source: ShardDataSource, groups: readonly FencedGroup[]): readonly Guard[] {
  const write = WRITERS[fenceDialect(source)];
  return guardedTables(source, groups).flatMap((table) => write(source, table));
}
