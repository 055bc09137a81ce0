/** Databases for test suites; `./servers` alone, without anything of a test run, for examples and benchmarks. */
import { type DatabaseKind, kindsOf, parseSelection } from './selection';
import { type PrivateServer, type ServerKind, startServer as startPrivateServer } from './servers';
import { mustBeStopped } from './suite';

/** The kinds of database that this run is made of, for `describe.each`. */
export const databaseKinds: readonly DatabaseKind[] = kindsOf(parseSelection());

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

export { type CreateDatabasesOptions, createDatabases, type TestDatabases, type TestShard } from './create-databases';
export type { DatabaseKind } from './selection';
export type { PrivateServer, Server, ServerAddress, ServerKind, ServerSignal } from './servers';
export { listDatabases, runSql, waitUntil } from './servers';
export { runningServers } from './test-run';
