import { ShardError } from '../errors';

/** What is wrong with a statement that failed, as far as the fence has to know. */
export type DatabaseFault = 'blocked' | 'denied' | 'logBin' | 'noTable' | 'noTrigger' | 'duplicate' | 'other';

const FAULTS: ReadonlyMap<unknown, DatabaseFault> = new Map<unknown, DatabaseFault>([
  [1969, 'blocked'], // MariaDB: max_statement_time exceeded
  [1317, 'blocked'], // MySQL: interrupted by KILL QUERY
  [3024, 'blocked'], // MySQL: max_execution_time exceeded
  [1205, 'blocked'], // MySQL: lock wait timeout
  [1213, 'blocked'], // MySQL: deadlock; rolled back
  ['57014', 'blocked'], // PostgreSQL: statement_timeout
  ['55P03', 'blocked'], // PostgreSQL: lock not available
  ['40P01', 'blocked'], // PostgreSQL: deadlock
  ['40001', 'blocked'], // PostgreSQL: serialization failure
  [1044, 'denied'], // MySQL: access to the database denied
  [1142, 'denied'], // MySQL: command on the table denied
  [1143, 'denied'], // MySQL: command on a column denied
  [1227, 'denied'], // MySQL: a global privilege is needed
  [1370, 'denied'], // MySQL: routine command denied
  ['42501', 'denied'], // PostgreSQL: insufficient privilege, or not the owner
  ['SQLITE_READONLY', 'denied'],
  [1419, 'logBin'], // MySQL: triggers with the binary log on need SUPER or log_bin_trust_function_creators
  [1146, 'noTable'], // MySQL: no such table
  [1109, 'noTable'], // MySQL: no such table in information_schema
  ['42P01', 'noTable'], // PostgreSQL: undefined table
  [1360, 'noTrigger'], // MySQL: no such trigger
  [1062, 'duplicate'], // MySQL: duplicate entry
  [1359, 'duplicate'], // MySQL: trigger exists
  ['23505', 'duplicate'], // PostgreSQL: unique violation
  ['42710', 'duplicate'], // PostgreSQL: the trigger exists
  ['42P07', 'duplicate'], // PostgreSQL: the table exists
]);

/** Reads the fault of what a driver or TypeORM threw, also where the shard was named on it. */
export function databaseFault(thrown: unknown): DatabaseFault {
  const error = thrown instanceof ShardError ? thrown.cause : thrown;
  const found = ((error as { readonly driverError?: unknown } | null)?.driverError ?? error ?? {}) as {
    readonly errno?: unknown;
    readonly code?: unknown;
    readonly sqlState?: unknown;
    readonly message?: unknown;
  };
  const isMysql = typeof found.errno === 'number' && typeof found.sqlState === 'string';
  return FAULTS.get(isMysql ? found.errno : found.code) ?? faultByMessage(String(found.code ?? ''), String(found.message ?? ''));
}

/** SQLite has codes for kinds of kinds, sql.js has only messages, and PostgreSQL calls two changes of one function an internal error. */
function faultByMessage(code: string, message: string): DatabaseFault {
  if (code === 'XX000' && /^tuple concurrently/.test(message)) return 'blocked';
  if (/^SQLITE_(BUSY|LOCKED)/.test(code) || /^database (table )?is locked/.test(message)) return 'blocked';
  if (/^no such table/.test(message)) return 'noTable';
  if (/^UNIQUE constraint failed|^(table|trigger) .* already exists/.test(message)) return 'duplicate';
  return /^attempt to write a readonly database/.test(message) ? 'denied' : 'other';
}
