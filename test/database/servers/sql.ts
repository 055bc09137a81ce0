import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import type { ServerAddress } from './server';

/** A row as the driver answers it. */
export type Row = Readonly<Record<string, unknown>>;

const connectTimeoutMs = 5_000;

/** Sends a statement. */
export type Query = (statement: string) => Promise<readonly Row[]>;

/** Runs statements one after the other on a connection of their own, as the server's user; answers the rows of the last. */
export function runSql(address: ServerAddress, statements: readonly string[]): Promise<readonly Row[]> {
  return onConnection(address, async (query) => {
    let rows: readonly Row[] = [];
    for (const statement of statements) {
      rows = await query(statement);
    }
    return rows;
  });
}

/** Does some work on a connection of its own, as the server's user. */
export function onConnection<T>(address: ServerAddress, work: (query: Query) => Promise<T>): Promise<T> {
  return address.kind === 'mariadb' ? onMariadb(address, work) : onPostgres(address, work);
}

async function onMariadb<T>(address: ServerAddress, work: (query: Query) => Promise<T>): Promise<T> {
  const { host, port, username: user, password } = address;
  const connection = await createConnection({ host, port, user, password, connectTimeout: connectTimeoutMs });
  try {
    return await work(async (statement) => ((await connection.query(statement)) as unknown as [Row[]])[0]);
  } finally {
    await connection.end();
  }
}

async function onPostgres<T>(address: ServerAddress, work: (query: Query) => Promise<T>): Promise<T> {
  const { host, port, username: user, password } = address;
  const client = new Client({ host, port, user, password, database: 'postgres', connectionTimeoutMillis: connectTimeoutMs });
  // The query that runs is rejected as well; without a listener the event would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(async (statement) => (await client.query<Row>(statement)).rows);
  } finally {
    await client.end();
  }
}

const systemDatabases: Readonly<Record<ServerAddress['kind'], string>> = {
  mariadb: `select schema_name as name from information_schema.schemata
    where schema_name not in ('mysql', 'sys', 'information_schema', 'performance_schema') order by name`,
  postgres: `select datname as name from pg_database where datname not in ('postgres', 'template0', 'template1') order by name`,
};

/** Names the databases that somebody made on this server. */
export async function listDatabases(address: ServerAddress): Promise<readonly string[]> {
  return (await runSql(address, [systemDatabases[address.kind]])).map((row) => String(row.name));
}
