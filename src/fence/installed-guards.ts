import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { databaseFault } from './database-fault';
import { type FenceDialect, fenceDialect } from './fence-dialect';
import { GUARD_PREFIX, type Guard } from './guard';
import { isAsStrict } from './staying-slots';

/** A guard as the database has it. */
export interface InstalledGuard {
  readonly name: string;
  /** Name of its table, without schema. */
  readonly table: string;
  /** Its text, in some databases with what comes before. */
  readonly body: string;
  /** False for one that PostgreSQL keeps but does not fire. */
  readonly isEnabled: boolean;
  /** Whether no other table of the schema can have a trigger of this name. On PostgreSQL names are those of a table. */
  readonly isNameTaken: boolean;
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
  const dialect = fenceDialect(source);
  const rows: readonly Readonly<Record<string, unknown>>[] = await runner.query(LISTS[dialect]);
  return rows
    .map(({ name, tbl, body, enabled }) => ({
      name: String(name),
      table: String(tbl),
      body: String(body),
      isEnabled: Number(enabled) === 1,
      isNameTaken: dialect !== 'postgres',
    }))
    .filter(({ name }) => name.startsWith(GUARD_PREFIX));
}

/**
 * Lists those guards that are there, maybe with others, in an open transaction that has used their tables. On MySQL and MariaDB each is
 * asked for by its name, which takes a tenth of the time: their catalog opens every table of the database.
 */
export async function wantedGuards(
  source: ShardDataSource,
  runner: QueryRunner,
  guards: readonly Guard[],
): Promise<readonly InstalledGuard[]> {
  if (fenceDialect(source) !== 'mysql') return installedGuards(source, runner);
  const found: InstalledGuard[] = [];
  for (const { name, table, body, create } of guards) {
    const text = await shownTrigger(source, runner, name);
    if (text === undefined) continue;
    // A table that is renamed takes its triggers along, which then name it as it is called now.
    const isElsewhere = isAsStrict(text, body) && !isAsStrict(text, create[0]!.slice('CREATE '.length));
    found.push({ name, table: isElsewhere ? 'another' : table.table, body: text, isEnabled: true, isNameTaken: true });
  }
  return found;
}

async function shownTrigger({ driver }: ShardDataSource, runner: QueryRunner, name: string): Promise<string | undefined> {
  try {
    const [shown] = await runner.query(`SHOW CREATE TRIGGER ${driver.escape(name)}`);
    return String(shown?.['SQL Original Statement']);
  } catch (error) {
    if (databaseFault(error) === 'noTrigger') return undefined;
    throw error;
  }
}
