import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import type { ServerAddress } from './server';

/** A row as the driver answers it. */
export type Row = Readonly<Record<string, unknown>>;

const connectTimeoutMs = 5_000;

/** Runs statements one after the other on a connection of their own, as the server's user; answers the rows of the last. */
export function runSql(address: ServerAddress, statements: readonly string[]): Promise<readonly Row[]> {
  return address.kind === 'mariadb' ? runOnMariadb(address, statements) : runOnPostgres(address, statements);
}

async function runOnMariadb(address: ServerAddress, statements: readonly string[]): Promise<readonly Row[]> {
  const { host, port, username: user, password } = address;
  const connection = await createConnection({ host, port, user, password, connectTimeout: connectTimeoutMs });
  try {
    let rows: readonly Row[] = [];
    for (const statement of statements) {
      [rows] = (await connection.query(statement)) as unknown as [Row[]];
    }
    return rows;
  } finally {
    await connection.end();
  }
}

async function runOnPostgres(address: ServerAddress, statements: readonly string[]): Promise<readonly Row[]> {
  const { host, port, username: user, password } = address;
  const client = new Client({ host, port, user, password, database: 'postgres', connectionTimeoutMillis: connectTimeoutMs });
  // The query that runs is rejected as well; without a listener the event would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    let rows: readonly Row[] = [];
    for (const statement of statements) {
      ({ rows } = await client.query<Row>(statement));
    }
    return rows;
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
