import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { databaseFault, fenceDialect, isMariadb } from '../../fence';
import type { SurveyedShard } from './surveyed-shard';

/** How much more than the rows themselves a move may need, for logs and for pages that are not full. */
const RESERVE = 1.2;

/**
 * Why rows would not fit on a shard, where that can be known: for files of SQLite, and on MariaDB with the plugin DISKS. Others do not
 * tell how much room they have.
 */
export async function spaceFaults(target: SurveyedShard, bytes: number): Promise<readonly string[]> {
  const free = await freeBytes(target);
  if (free === undefined || free >= bytes * RESERVE) return [];
  return [`Shard ${target.shard.name} has room for ${megabytes(free)} MB and would get about ${megabytes(bytes)} MB. Give it more.`];
}

async function freeBytes({ source, runner }: SurveyedShard): Promise<number | undefined> {
  const { options } = source;
  if (options.type === 'better-sqlite3' && options.database !== ':memory:' && options.database !== '') {
    const { bavail, bsize } = await statfs(dirname(options.database));
    return bavail * bsize;
  }
  if (fenceDialect(source) !== 'mysql' || !(await isMariadb(source, runner))) return undefined;
  try {
    const query = "SELECT MIN(Available) * 1024 AS free FROM information_schema.DISKS WHERE @@datadir LIKE CONCAT(Path, '%')";
    const [found] = await runner.query(query);
    return found?.free === null || found?.free === undefined ? undefined : Number(found.free);
  } catch (error) {
    // The plugin is not installed, or the user may not ask it.
    if (['noTable', 'denied'].includes(databaseFault(error))) return undefined;
    throw error;
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
