import { createRequire } from 'node:module';
import { mysqlDriver } from './shared-mysql';
import { postgresDriver } from './shared-postgres';
import { sqliteDriver, sqljsDriver } from './shared-sqlite';

const load = createRequire(__filename);

/**
 * Gives the partitions of one database the same pool or handle, through TypeORM's public `driver` option: the first to connect
 * opens it, the last to disconnect closes it. It also runs the statement for new connections.
 *
 * @param options - the connection options of the database; its own `driver`, if any, is used.
 * @returns What to give every partition's data source as `driver`.
 */
export function sharedDriver(options: Readonly<Record<string, unknown>>, initCommand: string | undefined): unknown {
  const base = options.driver;
  switch (options.type) {
    case 'mysql':
    case 'mariadb':
      return mysqlDriver((base ?? load('mysql2')) as Parameters<typeof mysqlDriver>[0], initCommand);
    case 'postgres':
      return postgresDriver((base ?? load('pg')) as Parameters<typeof postgresDriver>[0], initCommand);
    case 'better-sqlite3':
      return sqliteDriver((base ?? load('better-sqlite3')) as Parameters<typeof sqliteDriver>[0], initCommand);
    default:
      return sqljsDriver((base ?? load('sql.js')) as Parameters<typeof sqljsDriver>[0], initCommand);
  }
}
