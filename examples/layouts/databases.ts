import type { ShardedDataSourceOptions } from 'typeorm-sharding';

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

/** Throwaway MariaDB servers on free loopback ports, one for each name; they and their data go with this process. */
export async function onMariadb(names: readonly string[]): Promise<Databases> {
  // Only here, because it needs the drivers of the servers.
  const { startServer, runSql }: typeof import('../../test/database/servers') = require('../../test/database/servers');
  const starting = await Promise.allSettled(names.map(() => startServer('mariadb')));
  const servers = starting.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  const failed = starting.find((each) => each.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const addresses = new Map(names.map((name, index) => [name, servers[index]!]));
  let created = 0;
  return {
    description: `${names.length} MariaDB servers`,
    create: async (wanted) => {
      created += 1;
      const database = `layouts_${created}`;
      const chosen = wanted.map((name) => ({ name, server: addresses.get(name)! }));
      await Promise.all(chosen.map(({ server }) => runSql(server, [`CREATE DATABASE ${database}`])));
      const shards = chosen.map(({ name, server: { host, port, username, password } }) => ({
        name,
        host,
        port,
        username,
        password,
        database,
      }));
      return { type: 'mysql', shards };
    },
    stop,
  };
}
