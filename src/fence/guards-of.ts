import type { ShardDataSource } from '../cluster';
import { fenceDialect } from './fence-dialect';
import type { Guard } from './guard';
import { mysqlGuards } from './guard-mysql';
import { postgresGuards } from './guard-postgres';
import { sqliteGuards } from './guard-sqlite';
import { type FencedGroup, guardedTables } from './guarded-table';

const WRITERS = { mysql: mysqlGuards, postgres: postgresGuards, sqlite: sqliteGuards } as const;

/** What was last written of each member, by the names of its groups: movers compare with it in every transaction. */
const written = new WeakMap<ShardDataSource, Map<string, Written>>();

interface Written {
  readonly of: string;
  readonly guards: readonly Guard[];
}

/**
 * The guards that a member must have while it is armed.
 *
 * @throws {ConfigurationError} when a table of the groups cannot be guarded.
 */
export function guardsOf(source: ShardDataSource, groups: readonly FencedGroup[]): readonly Guard[] {
  const known = written.get(source) ?? new Map<string, Written>();
  written.set(source, known);
  const names = JSON.stringify(groups.map(({ name }) => name));
  const of = JSON.stringify(groups.map(({ lookUp, between }) => [lookUp, between?.from.checksum, between?.to.checksum]));
  const last = known.get(names);
  if (last?.of === of) return last.guards;
  const guards = guardedTables(source, groups).flatMap((table) => WRITERS[fenceDialect(source)](source, table));
  known.set(names, { of, guards });
  return guards;
}
