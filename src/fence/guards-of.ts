import type { ShardDataSource } from '../cluster';
import { fenceDialect } from './fence-dialect';
import type { Guard } from './guard';
import { mysqlGuards } from './guard-mysql';
import { postgresGuards } from './guard-postgres';
import { sqliteGuards } from './guard-sqlite';
import { type FencedGroup, guardedTables } from './guarded-table';

const WRITERS = { mysql: mysqlGuards, postgres: postgresGuards, sqlite: sqliteGuards } as const;

/** What was written of each member, by its groups: movers compare with it in every transaction. */
const written = new WeakMap<ShardDataSource, Map<string, readonly Guard[]>>();

/**
 * The guards that a member must have while it is armed.
 *
 * @throws {ConfigurationError} when a table of the groups cannot be guarded.
 */
export function guardsOf(source: ShardDataSource, groups: readonly FencedGroup[]): readonly Guard[] {
  const known = written.get(source) ?? new Map<string, readonly Guard[]>();
  written.set(source, known);
  const key = JSON.stringify(groups.map(({ name, lookUp }) => [name, lookUp]));
  const guards = known.get(key) ?? guardedTables(source, groups).flatMap((table) => WRITERS[fenceDialect(source)](source, table));
  known.set(key, guards);
  return guards;
}
