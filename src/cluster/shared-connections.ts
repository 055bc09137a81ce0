import { createRequire } from 'node:module';
import { mysqlDriver } from './shared-mysql';
import { postgresDriver } from './shared-postgres';
import { sqliteDriver, sqljsDriver } from './shared-sqlite';

const load = createRequire(__filename);

/** What a driver was made from. */
interface Origin {
  readonly options: Readonly<Record<string, unknown>>;
  readonly initCommands: readonly string[];
}

const origins = new WeakMap<object, Origin>();

/**
 * Gives the partitions of one database the same pool or handle, through TypeORM's public `driver` option: the first to connect
 * opens it, the last to disconnect closes it. It also runs the statements for new connections.
 *
 * @param options - the connection options of the database; its own `driver`, if any, is used.
 * @returns What to give every partition's data source as `driver`.
 */
export function sharedDriver(options: Readonly<Record<string, unknown>>, initCommands: readonly string[]): unknown {
  const driver = wrapped(options, initCommands);
  origins.set(driver, { options, initCommands });
  return driver;
}

/** Makes a driver like one that {@link sharedDriver} made, with connections of its own, on which more statements run at first. */
export function separateDriver(driver: object, more: readonly string[]): unknown {
  const origin = origins.get(driver);
  if (!origin) throw new TypeError('The data source was not opened by the library, so its connections cannot be made again.');
  return sharedDriver(origin.options, [...origin.initCommands, ...more]);
}

function wrapped({ driver: base, type }: Readonly<Record<string, unknown>>, initCommands: readonly string[]): object {
  switch (type) {
    case 'mysql':
    case 'mariadb':
      return mysqlDriver((base ?? load('mysql2')) as Parameters<typeof mysqlDriver>[0], initCommands);
    case 'postgres':
      return postgresDriver((base ?? load('pg')) as Parameters<typeof postgresDriver>[0], initCommands);
    case 'better-sqlite3':
      return sqliteDriver((base ?? load('better-sqlite3')) as Parameters<typeof sqliteDriver>[0], initCommands);
    default:
      return sqljsDriver((base ?? load('sql.js')) as Parameters<typeof sqljsDriver>[0], initCommands);
  }
}
