import { onConnection, runSql, type ServerAddress, waitUntil } from './servers';

/** Makes an empty database with the server's default character set and collation. */
export async function createDatabase(server: ServerAddress, name: string): Promise<void> {
  // Copying the template's files takes half the time of writing them through the log.
  await runSql(server, [`create database ${name}${server.kind === 'postgres' ? ' strategy file_copy' : ''}`]);
}

/**
 * Drops a database.
 *
 * @throws Error, after the drop, when connections to it were left open: the suite forgot to destroy a data source.
 */
export async function dropDatabase(server: ServerAddress, name: string): Promise<void> {
  await onConnection(server, async (query) => {
    const countConnections = async () => Number((await query(connectionCounts[server.kind](name)))[0]?.n);
    const unused = waitUntil(async () => (await countConnections()) === 0, {
      what: `connections to ${name} (${server.kind}) to be closed: destroy() every data source before stop()`,
      deadlineMs: 2_000,
    });
    // Not `await unused` yet: the database has to go in either case.
    const [outcome] = await Promise.allSettled([unused]);
    await query(server.kind === 'mariadb' ? `drop database ${name}` : `drop database ${name} with (force)`);
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  });
}

const connectionCounts: Readonly<Record<ServerAddress['kind'], (name: string) => string>> = {
  mariadb: (name) => `select count(*) as n from information_schema.processlist where db = '${name}'`,
  postgres: (name) => `select count(*) as n from pg_stat_activity where datname = '${name}' and backend_type = 'client backend'`,
};
