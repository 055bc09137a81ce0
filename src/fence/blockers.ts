import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../cluster';
import type { Blocker } from '../errors';
import { databaseFault } from './database-fault';
import { fenceDialect, quotedPath } from './fence-dialect';
import { gateClass } from './gate';
import type { OwnershipKey } from './ownership-row';

/** What could not be had. */
export type Contended = { readonly table: string } | { readonly row: OwnershipKey };

/** How many are named; the oldest stand in the way of the others as well. */
const MOST = 10;

/**
 * Names the sessions whose transactions stand in the way, the oldest first. PostgreSQL knows who holds what; MySQL and MariaDB tell only
 * which transactions are open in the database; SQLite tells nothing.
 *
 * @returns none when the user may not know: MySQL's PROCESS, or PostgreSQL's pg_read_all_stats for times of others.
 */
export async function blockersOf(source: ShardDataSource, runner: QueryRunner, contended: Contended): Promise<readonly Blocker[]> {
  const dialect = fenceDialect(source);
  if (dialect === 'sqlite') return [];
  try {
    const rows = dialect === 'mysql' ? await runner.query(MYSQL_TRANSACTIONS) : await runner.query(...lockHolders(source, contended));
    return rows.map(toBlocker);
  } catch (error) {
    // A report that is not allowed must not end what it reports on.
    if (databaseFault(error) === 'denied') return [];
    throw error;
  }
}

const MYSQL_TRANSACTIONS =
  "SELECT p.id AS session, p.user AS user, CONCAT(p.command, IF(p.state = '', '', CONCAT(': ', p.state))) AS state, " +
  'TIMESTAMPDIFF(MICROSECOND, t.trx_started, NOW()) DIV 1000 AS open_ms ' +
  'FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id ' +
  `WHERE p.id <> CONNECTION_ID() AND p.db = DATABASE() ORDER BY t.trx_started LIMIT ${MOST}`;

/** Of a table: who has it locked in a way that a trigger cannot be made or dropped beside. Of a row: who is in its gate. */
function lockHolders(source: ShardDataSource, contended: Contended): [sql: string, parameters: unknown[]] {
  const isTable = 'table' in contended;
  const held = isTable
    ? "l.locktype = 'relation' AND l.relation = to_regclass($1) AND l.mode NOT IN ('RowShareLock')"
    : "l.locktype = 'advisory' AND l.classid = ($1::bigint & 4294967295)::oid AND l.objsubid = 2";
  const sql =
    "SELECT a.pid AS session, a.usename AS user, concat_ws(': ', a.state, a.wait_event) AS state, " +
    'max(extract(epoch from clock_timestamp() - a.xact_start) * 1000)::bigint AS open_ms ' +
    `FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.granted AND a.pid <> pg_backend_pid() AND ${held} ` +
    `GROUP BY 1, 2, 3 ORDER BY 4 DESC NULLS LAST LIMIT ${MOST}`;
  return [sql, [isTable ? quotedPath(source, contended.table) : gateClass(contended.row)]];
}

function toBlocker({ session, user, state, open_ms }: Readonly<Record<string, unknown>>): Blocker {
  return { session: String(session), user: String(user ?? ''), state: String(state ?? ''), openMs: Number(open_ms ?? 0) };
}
