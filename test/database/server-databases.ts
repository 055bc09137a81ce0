import { runSql, type ServerAddress, waitUntil } from './servers';

/** Makes an empty database with the server's default character set and collation. */
export async function createDatabase(server: ServerAddress, name: string): Promise<void> {
  await runSql(server, [`create database ${name}`]);
}

/**
 * Drops a database.
 *
 * @throws Error, after the drop, when connections to it were left open: the suite forgot to destroy a data source.
 */
export async function dropDatabase(server: ServerAddress, name: string): Promise<void> {
  const unused = waitUntil(async () => (await countConnections(server, name)) === 0, {
    what: `connections to ${name} (${server.kind}) to be closed: destroy() every data source before stop()`,
    deadlineMs: 2_000,
  });
  // Not `await unused` yet: the database has to go in either case.
  const [outcome] = await Promise.allSettled([unused]);
  await runSql(server, [server.kind === 'mariadb' ? `drop database ${name}` : `drop database ${name} with (force)`]);
  if (outcome.status === 'rejected') {
    throw outcome.reason;
  }
}

async function countConnections(server: ServerAddress, name: string): Promise<number> {
  const statement =
    server.kind === 'mariadb'
      ? `select count(*) as n from information_schema.processlist where db = '${name}'`
      : `select count(*) as n from pg_stat_activity where datname = '${name}' and backend_type = 'client backend'`;
  const [row] = await runSql(server, [statement]);
  return Number(row?.n);
}
