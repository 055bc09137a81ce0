import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatabaseKind, kindsOf, parseSelection } from './selection';
import { createDatabase, dropDatabase } from './server-databases';
import type { ServerAddress, ServerKind } from './servers';
import { currentSuite, mustBeStopped } from './suite';
import { currentTestRun, runningServers } from './test-run';

/** One database, as a shard of a cluster. */
export interface TestShard {
  /** `s1`, `s2`, … */
  readonly name: string;

  /** The TypeORM options that only this shard has: where it is and who connects. */
  readonly options: Record<string, unknown>;
}

/** Fresh databases of one suite. */
export interface TestDatabases {
  readonly kind: DatabaseKind;

  /** TypeORM's `type`, the same for all shards. */
  readonly type: 'sqljs' | 'better-sqlite3' | 'mysql' | 'mariadb' | 'postgres';
  readonly shards: readonly TestShard[];

  /**
   * Drops the databases and deletes the files. Safe to call again.
   *
   * @throws Error, when all are dropped, if one still had connections: destroy the data sources first.
   */
  stop(): Promise<void>;
}

/** How the databases are made. */
export interface CreateDatabasesOptions {
  /** TypeORM's `type` for MariaDB. @defaultValue `'mysql'` */
  readonly mysqlDriver?: 'mysql' | 'mariadb';

  /** Whether SQLite keeps its databases in files instead of in memory. @defaultValue false */
  readonly onDisk?: boolean;
}

/**
 * Makes fresh empty databases for the calling suite, spread in turn over the servers of that kind.
 *
 * A test file that does not stop them fails.
 */
export async function createDatabases(kind: DatabaseKind, count: number, options: CreateDatabasesOptions = {}): Promise<TestDatabases> {
  if (!kindsOf(parseSelection()).includes(kind)) {
    throw new Error(`This run is narrowed by TEST_DATABASES and has no ${kind}; take the kinds from databaseKinds.`);
  }
  const names = Array.from({ length: count }, (_, index) => `s${index + 1}`);
  if (kind === 'mariadb' || kind === 'postgres') {
    return onServers(kind, names, options);
  }
  return options.onDisk ? inFiles(kind, names) : inMemory(kind, names);
}

async function onServers(
  kind: ServerKind,
  names: readonly string[],
  { mysqlDriver = 'mysql' }: CreateDatabasesOptions,
): Promise<TestDatabases> {
  const servers = runningServers().filter((server) => server.kind === kind);
  const prefix = `test_${currentSuite().name}_${randomBytes(3).toString('hex')}`;
  const databases = names.map((name, index) => ({ name, server: servers[index % servers.length]!, database: `${prefix}_${name}` }));
  const stop = mustBeStopped(`databases ${prefix}_* (${kind})`, async () => {
    throwFirst(await Promise.allSettled(databases.map(({ server, database }) => dropDatabase(server, database))));
  });
  await Promise.all(databases.map(({ server, database }) => createDatabase(server, database)));
  const shards = databases.map(({ name, server, database }) => ({ name, options: { ...connectionOptions(server), database } }));
  return { kind, type: kind === 'mariadb' ? mysqlDriver : 'postgres', shards, stop };
}

function connectionOptions({ host, port, username, password }: ServerAddress): Record<string, unknown> {
  return { host, port, username, password };
}

function throwFirst(outcomes: readonly PromiseSettledResult<void>[]): void {
  const rejected = outcomes.find((outcome) => outcome.status === 'rejected');
  if (rejected) {
    throw rejected.reason;
  }
}

async function inFiles(kind: 'sqljs' | 'better-sqlite3', names: readonly string[]): Promise<TestDatabases> {
  const folder = await mkdtemp(join(currentTestRun().files, `${currentSuite().name}-`));
  const stop = mustBeStopped(`database files in ${folder}`, () => rm(folder, { recursive: true, force: true }));
  const shards = names.map((name) => {
    const file = join(folder, `${name}.sqlite`);
    return { name, options: kind === 'sqljs' ? { location: file, autoSave: true } : { database: file } };
  });
  return { kind, type: kind, shards, stop };
}

function inMemory(kind: 'sqljs' | 'better-sqlite3', names: readonly string[]): TestDatabases {
  const shards = names.map((name) => ({ name, options: kind === 'sqljs' ? {} : { database: ':memory:' } }));
  return { kind, type: kind, shards, stop: async () => {} };
}
