import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShardConnectionOptions } from 'typeorm-sharding';
import { runSql, type ServerKind, startServer } from '../database/servers';

/** The databases that calls are measured on. */
export type BenchKind = 'sqljs' | 'better-sqlite3' | ServerKind;

/** Some empty databases of one kind. */
export interface BenchDatabases {
  readonly type: 'sqljs' | 'better-sqlite3' | 'mysql' | 'postgres';
  /** What TypeORM needs to reach each. */
  readonly connections: readonly ShardConnectionOptions[];
  stop(): Promise<void>;
}

/** Makes databases on a throwaway server, or in memory where they are embedded. */
export async function createBenchDatabases(kind: BenchKind, names: readonly string[]): Promise<BenchDatabases> {
  if (kind === 'sqljs') return { type: kind, connections: names.map(() => ({})), stop: async () => {} };
  if (kind === 'better-sqlite3') {
    return { type: kind, connections: names.map(() => ({ database: ':memory:' })), stop: async () => {} };
  }
  const server = await startServer(kind);
  const { host, port, username, password } = server;
  await runSql(
    server,
    names.map((name) => `create database ${name}`),
  );
  const connections = names.map((database) => ({ host, port, username, password, database }));
  return { type: kind === 'mariadb' ? 'mysql' : 'postgres', connections, stop: () => server.stop() };
}

/** A folder for the files of embedded databases, with what deletes it. */
export async function createFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'typeorm-sharding-bench-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
