import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ServerKind } from './server';

/** Path of each program of a server, by the program's name. */
export type Binaries = Readonly<Record<string, string>>;

/** The programs that each kind of server needs. */
export const requiredPrograms: Readonly<Record<ServerKind, readonly string[]>> = {
  mariadb: ['mariadbd', 'mariadb-install-db'],
  postgres: ['postgres', 'initdb'],
};

const plainFolders = [
  '/usr/sbin',
  '/usr/bin',
  '/usr/libexec',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/usr/local/mysql/bin',
];

/** Folders that hold one folder with a `bin` per version or formula. */
const versionedFolders = ['/usr/lib/postgresql', '/usr/local/pgsql', '/opt/homebrew/opt', '/usr/local/opt'];

/**
 * Looks for a server's programs in PATH and where systems and Homebrew put them.
 *
 * PostgreSQL's must lie in one folder, being of one version; MariaDB's need not, Debian has them in two.
 *
 * @returns undefined when one is missing.
 */
export function findBinaries(kind: ServerKind): Binaries | undefined {
  const names = requiredPrograms[kind];
  const folders = searchFolders();
  if (kind === 'mariadb') {
    return binariesIn(names, folders);
  }
  return folders.map((folder) => binariesIn(names, [folder])).find((found) => found !== undefined);
}

function binariesIn(names: readonly string[], folders: readonly string[]): Binaries | undefined {
  const found = names.map((name) => [name, folders.map((folder) => join(folder, name)).find(isExecutable)] as const);
  return found.some(([, path]) => path === undefined) ? undefined : (Object.fromEntries(found) as Binaries);
}

function searchFolders(): readonly string[] {
  const inPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...inPath, ...plainFolders, ...versionedFolders.flatMap(newestFirst)];
}

function newestFirst(parent: string): string[] {
  if (!existsSync(parent)) {
    return [];
  }
  const names = readdirSync(parent).sort((left, right) => right.localeCompare(left, 'en', { numeric: true }));
  return names.map((name) => join(parent, name, 'bin'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Absent or not ours to run: the search goes on.
  }
}
