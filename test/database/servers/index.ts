export { ensureServersInstalled, missingServersMessage, testsWithoutServers } from './installation';
export type { PrivateServer, Server, ServerAddress, ServerKind } from './server';
export { listDatabases, onConnection, runSql } from './sql';
export { startServer } from './start-server';
export { type ServerSignal, Supervisor } from './supervisor';
export { waitUntil } from './wait-until';
