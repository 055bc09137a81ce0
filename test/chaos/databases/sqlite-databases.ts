import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Supervisor } from '../../database/servers';
import type { ChaosDatabases } from './chaos-databases';

type Handle = { exec(sql: string): void; close(): void };

/** Files in a directory of their own; all processes are on this machine. */
export async function sqliteDatabases(): Promise<ChaosDatabases> {
  const folder = await Supervisor.start();
  const file = (name: string) => join(folder.directory, `${name}.db`);
  const shards = ['s1', 's2', 's3'].map((name) => ({ name, ...(name === 's3' && { weight: 0 }), database: file(name) }));
  return {
    kind: 'sqlite',
    directory: folder.directory,
    members: ['s1', 's2', 's3', 'store'],
    description: { type: 'better-sqlite3', shards, topology: { type: 'better-sqlite3', database: file('store') }, more: {} },
    async outage(member, ms) {
      const Database = require('better-sqlite3') as new (path: string, options: object) => Handle;
      const handle = new Database(file(member), { timeout: 1_000 });
      try {
        if (!(await isLocked(handle))) return;
        await delay(ms);
        handle.exec('COMMIT');
      } finally {
        handle.close();
      }
    },
    stop: () => folder.stop(),
  };
}

/** Writers may hold the file for longer than this waits; then there is no outage this time. */
async function isLocked(handle: Handle): Promise<boolean> {
  try {
    handle.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return false;
    throw error;
  }
}
