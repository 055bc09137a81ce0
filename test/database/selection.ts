import type { ServerKind } from './servers';

/** What a suite may run on: the two SQLite drivers, and the two kinds of server. */
export type DatabaseKind = 'sqljs' | 'better-sqlite3' | 'mariadb' | 'postgres';

/** What TEST_DATABASES may name. */
export type SelectionName = 'sqlite' | 'mariadb' | 'postgres';

/** The databases of one run. */
export interface Selection {
  readonly names: readonly SelectionName[];
  readonly notRun: readonly SelectionName[];
}

const kindsByName: Readonly<Record<SelectionName, readonly DatabaseKind[]>> = {
  sqlite: ['sqljs', 'better-sqlite3'],
  mariadb: ['mariadb'],
  postgres: ['postgres'],
};
const allNames = Object.keys(kindsByName) as SelectionName[];

/**
 * Reads the value of TEST_DATABASES, a comma list of sqlite, mariadb and postgres; without it, or empty, a run has all.
 *
 * @throws Error naming the words it does not know, or when no word is left.
 */
export function parseSelection(text = process.env.TEST_DATABASES ?? ''): Selection {
  const words = text.split(',').map((word) => word.trim());
  const named = words.filter((word) => word !== '');
  const unknown = named.filter((word) => !allNames.includes(word as SelectionName));
  if (unknown.length > 0 || (named.length === 0 && words.length > 1)) {
    throw new Error(
      `TEST_DATABASES=${text} is a comma list of ${allNames.join(', ')}; not known: ${unknown.join(', ') || 'an empty list'}.`,
    );
  }
  const chosen = named.length === 0 ? allNames : allNames.filter((name) => named.includes(name));
  return { names: chosen, notRun: allNames.filter((name) => !chosen.includes(name)) };
}

/** The kinds of database that these names stand for. */
export function kindsOf({ names }: Selection): readonly DatabaseKind[] {
  return names.flatMap((name) => kindsByName[name]);
}

/** The kinds of server among them. */
export function serverKindsOf({ names }: Selection): readonly ServerKind[] {
  return names.filter((name) => name !== 'sqlite');
}

/** What a narrowed run says last; undefined for a complete one. */
export function narrowedLine({ names, notRun }: Selection): string | undefined {
  return notRun.length === 0 ? undefined : `TEST_DATABASES=${names.join(',')}: narrowed on purpose; not run: ${notRun.join(', ')}`;
}
