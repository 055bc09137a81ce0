import type { DataSource } from 'typeorm';
import { controlNames } from './control-tables';
import { fenceDialect } from './fence-dialect';
import { type OwnershipKey, type OwnershipRow, positionFrom, positionText } from './ownership-row';

/** The numbers of a row, all read as text: what is beyond 2^53 would be rounded by some of the drivers. */
const NUMBERS = [
  'since',
  'upto',
  'old_modulus',
  'old_residue',
  'new_modulus',
  'new_residue',
  'watermark',
  'frontier',
  'capture',
  'token',
  'version',
] as const;

/** The columns of an ownership row, in the order of {@link rowValues}. */
export function rowColumns(source: DataSource): readonly string[] {
  return ['shard', source.driver.escape('group'), ...NUMBERS];
}

/** A row's values in the order of {@link rowColumns}. */
export function rowValues(row: OwnershipRow): readonly (string | number)[] {
  const rules = [row.oldRule.modulus, row.oldRule.residue, row.newRule.modulus, row.newRule.residue];
  const marks = [row.watermark, row.frontier, row.capture].map(positionText);
  return [row.shard, row.group, positionText(row.since), positionText(row.upto), ...rules, ...marks, row.token, row.version];
}

/** A parameter that is a position. Its type is said, since texts and numbers compare in other ways than numbers do. */
export function positionParameter(source: DataSource, index: number): string {
  return `CAST(${parameter(source, index)} AS DECIMAL(20,0))`;
}

/** A parameter as the driver writes it. */
export function parameter(source: DataSource, index: number): string {
  return source.driver.createParameter(`p${index}`, index);
}

/** The condition that names one row by its whole primary key; its parameters are {@link keyParameters}, from `first` on. */
export function keyCondition(source: DataSource, first: number): string {
  const group = source.driver.escape('group');
  return `shard = ${parameter(source, first)} AND ${group} = ${parameter(source, first + 1)} AND since = ${positionParameter(source, first + 2)}`;
}

/** See {@link keyCondition}. */
export function keyParameters({ shard, group, since }: OwnershipKey): readonly string[] {
  return [shard, group, positionText(since)];
}

/** As {@link keyCondition}, of one or several rows of one shard and group; its parameters are {@link keysParameters}. */
export function keysCondition(source: DataSource, keys: readonly OwnershipKey[], first: number): string {
  if (keys.length === 1) return keyCondition(source, first);
  const group = source.driver.escape('group');
  const places = keys.map((_, index) => positionParameter(source, first + 2 + index));
  return `shard = ${parameter(source, first)} AND ${group} = ${parameter(source, first + 1)} AND since IN (${places.join(', ')})`;
}

/** See {@link keysCondition}. */
export function keysParameters(keys: readonly OwnershipKey[]): readonly string[] {
  const [first] = keys;
  return first ? [first.shard, first.group, ...keys.map(({ since }) => positionText(since))] : [];
}

/**
 * The table of the rows, where several are named by their keys. MariaDB and MySQL would read, and lock, all rows of a group that has few of
 * them, and then wait for some that nobody named.
 */
export function rowsByKey(source: DataSource): string {
  return `${controlNames(source).ownership}${fenceDialect(source) === 'mysql' ? ' FORCE INDEX (PRIMARY)' : ''}`;
}

/** A select of whole rows. @param rest - what follows the table's name. */
export function selectRows(source: DataSource, rest: string, from = controlNames(source).ownership): string {
  const type = fenceDialect(source) === 'mysql' ? 'CHAR' : 'TEXT';
  const numbers = NUMBERS.map((name) => `CAST(${name} AS ${type}) AS ${name}`);
  return `SELECT shard, ${source.driver.escape('group')} AS grp, ${numbers.join(', ')} FROM ${from} ${rest}`;
}

/** Reads a row that {@link selectRows} selected. */
export function toRow(found: Readonly<Record<string, string>>): OwnershipRow {
  const since = positionFrom(String(found.since));
  // Rows at rest have all marks there, and a shard has many of them.
  const position = (name: (typeof NUMBERS)[number]) => (found[name] === found.since ? since : positionFrom(String(found[name])));
  return {
    shard: String(found.shard),
    group: String(found.grp),
    since,
    upto: position('upto'),
    oldRule: { modulus: Number(found.old_modulus), residue: Number(found.old_residue) },
    newRule: { modulus: Number(found.new_modulus), residue: Number(found.new_residue) },
    watermark: position('watermark'),
    frontier: position('frontier'),
    capture: position('capture'),
    token: Number(found.token),
    version: Number(found.version),
  };
}
