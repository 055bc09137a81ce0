import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import type { PrivateServer, ServerKind } from '../database';
import type { Block } from './markdown';

/** The kind of server that a document means. */
export const kindNamed = (name: string | undefined): ServerKind => (name === 'MariaDB' ? 'mariadb' : 'postgres');

const PORTS: Readonly<Record<ServerKind, number>> = { mariadb: 3306, postgres: 5432 };

/** A piece of TypeScript that means a server on its usual port, made to mean this one. */
export function aimAt({ kind, port }: PrivateServer, code: string): string {
  const aimed = code.replace(`port: ${PORTS[kind]}`, `port: ${port}`);
  if (aimed === code) throw new Error(`The piece does not name the port ${PORTS[kind]}.`);
  return aimed;
}

/** Runs the statements of a block as the server's administrator, in each database that its first line names. */
export async function runBlock(server: PrivateServer, { code }: Block): Promise<void> {
  const [first, ...rest] = code.split('\n');
  const named = first!.match(/\bshop_\d+\b/g) ?? [undefined];
  for (const database of named) await runIn(server, database, rest.join('\n'));
}

/** Runs statements in a database, as the server's administrator or as the user given; answers the rows of the last. */
export async function runIn(server: PrivateServer, database: string | undefined, sql: string, user: User = server) {
  const statements = sql.split(/;\s*\n?/).filter((statement) => statement.trim() !== '');
  return server.kind === 'mariadb' ? onMariadb(server, database, statements, user) : onPostgres(server, database, statements, user);
}

/** Who connects. */
export interface User {
  readonly username: string;
  readonly password: string;
}

type Rows = readonly Readonly<Record<string, unknown>>[];

async function onMariadb(
  { host, port }: PrivateServer,
  database: string | undefined,
  statements: readonly string[],
  user: User,
): Promise<Rows> {
  const connection = await createConnection({ host, port, user: user.username, password: user.password, database });
  try {
    let rows: Rows = [];
    for (const statement of statements) [rows] = (await connection.query(statement)) as unknown as [Rows];
    return rows;
  } finally {
    await connection.end();
  }
}

async function onPostgres(
  { host, port }: PrivateServer,
  database: string | undefined,
  statements: readonly string[],
  user: User,
): Promise<Rows> {
  const client = new Client({ host, port, user: user.username, password: user.password, database: database ?? 'postgres' });
  await client.connect();
  try {
    let rows: Rows = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}
