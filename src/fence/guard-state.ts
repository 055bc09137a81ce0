import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import { FENCE_SCHEMA_VERSION } from './control-tables';
import type { Guard } from './guard';
import type { FencedGroup } from './guarded-table';
import { guardsOf } from './guards-of';
import { type InstalledGuard, installedGuards, wantedGuards } from './installed-guards';
import { isAsStrict } from './staying-slots';
import { withRunner } from './with-runner';

/** How one guard stands. `altered`: another text, or on another table, under its name; `disabled`: there, but PostgreSQL was told not to fire it. */
export type GuardCondition = 'armed' | 'missing' | 'altered' | 'disabled';

/** The guards of one member. */
export interface GuardState {
  /** Whether every guard is armed, so that no write of an ordinary session can pass the fence. */
  readonly isArmed: boolean;
  /** The version that this library arms. */
  readonly version: number;
  /** Those that must be there while the member is armed. */
  readonly guards: readonly { readonly name: string; readonly table: string; readonly condition: GuardCondition }[];
  /** Guards of other versions on the same tables; they refuse as well, and arming removes them. */
  readonly superfluous: readonly { readonly name: string; readonly table: string }[];
}

/**
 * Says which guards a member has, of which version, and which are missing.
 *
 * @throws {ConfigurationError} when a table of the groups cannot be guarded.
 */
export function guardState(source: ShardDataSource, groups: readonly FencedGroup[]): Promise<GuardState> {
  const guards = guardsOf(source, groups);
  return withRunner(source, (runner) => compareGuards(source, runner, guards));
}

/**
 * Names the tables of a member whose guards are not as they must be, as `topic (missing)`; none when all are armed.
 *
 * In an open transaction that has read these tables it proves more, except on SQLite: the statements that make and drop triggers wait for
 * it, so guards that are armed stay so until it ends; and they wait for writers, so nobody who writes past a guard is still under way.
 */
export async function brokenGuards(
  source: ShardDataSource,
  runner: QueryRunner,
  groups: readonly FencedGroup[],
): Promise<readonly string[]> {
  const wanted = guardsOf(source, groups);
  const list = runner.isTransactionActive ? wantedGuards : installedGuards;
  const { guards } = compare(wanted, await list(source, runner, wanted));
  const broken = guards.filter(({ condition }) => condition !== 'armed').map(({ table, condition }) => `${table} (${condition})`);
  return [...new Set(broken)];
}

/** Compares guards that must be there with those that are. */
export async function compareGuards(source: ShardDataSource, runner: QueryRunner, guards: readonly Guard[]): Promise<GuardState> {
  return compare(guards, await installedGuards(source, runner));
}

function compare(guards: readonly Guard[], installed: readonly InstalledGuard[]): GuardState {
  const states = guards.map(({ name, table, body }) => {
    const named = installed.filter((each) => each.name === name);
    // Triggers go along when their table is renamed; where names are the whole schema's, this one is taken.
    const found = named.find((each) => each.table === table.table) ?? named.find(({ isNameTaken }) => isNameTaken);
    return { name, table: table.path, condition: conditionOf(found, { table: table.table, body }) };
  });
  const paths = new Map(guards.map(({ table }) => [table.table, table.path]));
  const wanted = new Set(guards.map(({ name }) => name));
  const superfluous = installed.flatMap(({ name, table }) => {
    const path = paths.get(table);
    return path === undefined || wanted.has(name) ? [] : [{ name, table: path }];
  });
  return { isArmed: states.every(({ condition }) => condition === 'armed'), version: FENCE_SCHEMA_VERSION, guards: states, superfluous };
}

function conditionOf(found: InstalledGuard | undefined, wanted: Pick<InstalledGuard, 'table' | 'body'>): GuardCondition {
  if (found === undefined) return 'missing';
  if (found.table !== wanted.table || !isAsStrict(found.body, wanted.body)) return 'altered';
  return found.isEnabled ? 'armed' : 'disabled';
}
