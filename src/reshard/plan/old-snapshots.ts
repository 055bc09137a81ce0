import { databaseFault, fenceDialect, isMariadb } from '../../fence';
import type { SurveyedShard } from './surveyed-shard';

/** From how many milliseconds on a transaction counts as old. */
const OLD_MS = 10_000;

const POSTGRES =
  'SELECT EXTRACT(epoch FROM max(clock_timestamp() - since)) * 1000 AS ms FROM (SELECT xact_start AS since FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND datname = current_database() ' +
  'UNION ALL SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) t';
const MYSQL =
  'SELECT TIMESTAMPDIFF(MICROSECOND, MIN(trx_started), NOW()) / 1000 AS ms FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> CONNECTION_ID()';

/**
 * Warns of a transaction that has been open for long: on PostgreSQL it slows the guards by every mark that is made meanwhile, and on
 * MySQL and MariaDB it may hold up the triggers and the chunks of the rows it wrote. None where the user may not know of others.
 */
export async function oldSnapshotWarnings({ shard, source, runner }: SurveyedShard, oldMs = OLD_MS): Promise<readonly string[]> {
  const dialect = fenceDialect(source);
  if (dialect === 'sqlite') return [];
  const server = dialect === 'postgres' ? 'PostgreSQL' : (await isMariadb(source, runner)) ? 'MariaDB' : 'MySQL';
  try {
    const [found] = await runner.query(dialect === 'postgres' ? POSTGRES : MYSQL);
    const openMs = Number(found?.ms ?? 0);
    if (openMs < oldMs) return [];
    return [
      `Shard ${shard.name}: a transaction has been open on ${server} for ${Math.round(openMs / 1000)} s. Moves are slow while it lasts.`,
    ];
  } catch (error) {
    // Only users with PROCESS may see transactions on MySQL.
    if (databaseFault(error) === 'denied') return [];
    throw error;
  }
}
