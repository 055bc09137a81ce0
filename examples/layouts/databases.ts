import type { ShardedDataSourceOptions } from 'typeorm-sharding';
import type { PrivateServer } from '../../test/database/servers';

/** Where the shards of an experiment are. */
export type Connections = Pick<ShardedDataSourceOptions, 'type' | 'shards'>;

/** Databases for the experiments. */
export interface Databases {
  readonly description: string;
  /** Makes an empty database for each name. */
  create(names: readonly string[]): Promise<Connections>;
  stop(): Promise<void>;
}

/** SQLite in memory, by sql.js: nothing to install and no native code. */
export function inMemory(): Databases {
  return {
    description: 'SQLite in memory (sql.js)',
    create: async (names) => ({ type: 'sqljs', shards: names.map((name) => ({ name })) }),
    stop: async () => {},
  };
}

/** Throwaway servers by the name of their shard. */
export interface Servers {
  readonly byName: ReadonlyMap<string, PrivateServer>;
  stop(): Promise<void>;
}

/**
 * Starts throwaway MariaDB servers on free loopback ports, one for each name; they and their data go with this process.
 *
 * @throws Error that says what to install where its programs are missing.
 */
export async function startServers(names: readonly string[]): Promise<Servers> {
  // Only here, because it needs the drivers of the servers.
  const { startServer }: typeof import('../../test/database/servers') = require('../../test/database/servers');
  const starting = await Promise.allSettled(names.map(async (name) => [name, await startServer('mariadb')] as const));
  const byName = new Map(starting.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  const stop = async () => void (await Promise.all([...byName.values()].map((server) => server.stop())));
  const failed = starting.find((each) => each.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { byName, stop };
}

/** Makes a database on a server. @returns how to connect to it. */
export async function createDatabase(server: PrivateServer, database: string) {
  const { runSql }: typeof import('../../test/database/servers') = require('../../test/database/servers');
  await runSql(server, [`CREATE DATABASE ${database}`]);
  const { host, port, username, password } = server;
  return { host, port, username, password, database };
}

/** Databases on MariaDB servers of their own. */
export async function onMariadb(names: readonly string[]): Promise<Databases> {
  const { byName, stop } = await startServers(names);
  let created = 0;
  return {
    description: `${names.length} MariaDB servers`,
    create: async (wanted) => {
      created += 1;
      const database = `layouts_${created}`;
      const made = wanted.map(async (name) => ({ name, ...(await createDatabase(byName.get(name)!, database)) }));
      return { type: 'mysql', shards: await Promise.all(made) };
    },
    stop,
  };
}
