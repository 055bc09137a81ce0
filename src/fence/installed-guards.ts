import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { type FenceDialect, fenceDialect } from './fence-dialect';
import { GUARD_PREFIX } from './guard';

/** A guard as the database has it. */
export interface InstalledGuard {
  readonly name: string;
  /** Name of its table, without schema. */
  readonly table: string;
  readonly body: string;
  /** False for one that PostgreSQL keeps but does not fire. */
  readonly isEnabled: boolean;
}

const LISTS: Readonly<Record<FenceDialect, string>> = {
  mysql:
    'SELECT trigger_name AS name, event_object_table AS tbl, action_statement AS body, 1 AS enabled ' +
    'FROM information_schema.triggers WHERE trigger_schema = DATABASE()',
  postgres:
    "SELECT t.tgname AS name, c.relname AS tbl, p.prosrc AS body, CASE WHEN t.tgenabled IN ('O', 'A') THEN 1 ELSE 0 END AS enabled " +
    'FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal',
  sqlite: "SELECT name, tbl_name AS tbl, sql AS body, 1 AS enabled FROM sqlite_master WHERE type = 'trigger'",
};

/** Lists the guards of a whole database, those of other partitions too. On MySQL a user without TRIGGER sees none. */
export async function installedGuards(source: ShardDataSource, runner: QueryRunner): Promise<readonly InstalledGuard[]> {
  const rows: readonly Readonly<Record<string, unknown>>[] = await runner.query(LISTS[fenceDialect(source)]);
  return rows
    .map(({ name, tbl, body, enabled }) => ({
      name: String(name),
      table: String(tbl),
      body: String(body),
      isEnabled: Number(enabled) === 1,
    }))
    .filter(({ name }) => name.startsWith(GUARD_PREFIX));
}
