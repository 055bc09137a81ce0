/** Databases for test suites; `./servers` alone, without anything of a test run, for examples and benchmarks. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { isLongRun } from '../long-run';
import { type DatabaseKind, kindsOf, parseSelection } from './selection';
import { type PrivateServer, type ServerKind, startServer as startPrivateServer } from './servers';
import { mustBeStopped } from './suite';

/** The kinds of database that this run is made of, for `describe.each`. */
export const databaseKinds: readonly DatabaseKind[] = kindsOf(parseSelection());

/**
 * {@link databaseKinds} for tests that say the same of each: a short run tries a test file on one of the two SQLite drivers, which speak one
 * dialect, and on both servers.
 */
export const sampledKinds: readonly DatabaseKind[] = databaseKinds.filter((kind) => kind !== driverLeftOut());

/** The kinds of server among them. Empty in a run narrowed to SQLite. */
export const serverKinds: readonly ServerKind[] = databaseKinds.filter((kind) => kind === 'mariadb' || kind === 'postgres');

/**
 * Starts a server of the suite's own, one that it may kill.
 *
 * A test file that does not stop it fails.
 *
 * @param more - arguments after those that all servers of the kind have.
 */
export async function startServer(kind: ServerKind, more: readonly string[] = []): Promise<PrivateServer> {
  const server = await startPrivateServer(kind, { more });
  server.stop = mustBeStopped(`${kind} server on port ${server.port}`, server.stop.bind(server));
  return server;
}

/** By the name of the test file, so that each is left out about as often. */
function driverLeftOut(): DatabaseKind | undefined {
  if (isLongRun) return undefined;
  const { testPath = '' } = expect.getState();
  return createHash('sha256').update(basename(testPath)).digest()[0]! % 2 === 0 ? 'sqljs' : 'better-sqlite3';
}

export { type CreateDatabasesOptions, createDatabases, type TestDatabases, type TestShard } from './create-databases';
export type { DatabaseKind } from './selection';
export type { PrivateServer, Server, ServerAddress, ServerKind, ServerSignal } from './servers';
export { listDatabases, runSql, waitUntil } from './servers';
export { runningServers } from './test-run';
