import { QueryFailedError } from 'typeorm';

/** What is known of a statement that failed. */
export interface StoreFault {
  /** Whether the database itself said that it did not do it. */
  readonly isRefused: boolean;
  /** Whether a row with that key was there already. */
  readonly isDuplicate: boolean;
  /** Whether the same statement may succeed later. */
  readonly isTransient: boolean;
}

interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly sqlState?: unknown;
  readonly severity?: unknown;
}

const DUPLICATE = new Set<unknown>([
  1062, // MySQL: ER_DUP_ENTRY
  '23505', // PostgreSQL: unique violation
]);

const TRANSIENT = new Set<unknown>([
  1040, // MySQL: too many connections
  1205, // MySQL: lock wait timeout
  1213, // MySQL: deadlock; rolled back
  1317, // MySQL: interrupted
  1836, // MySQL: read-only for now
  '25006', // PostgreSQL: read-only transaction, as on a standby
  '40001', // PostgreSQL: serialization failure
  '40P01', // PostgreSQL: deadlock
  '53300', // PostgreSQL: too many connections
  '55P03', // PostgreSQL: lock not available
  '57014', // PostgreSQL: cancelled
  'SQLITE_BUSY', // another process writes
]);

/** The server ended the connection instead of answering: what it did before is not known. */
const UNANSWERED = new Set<unknown>([
  1053, // MySQL: shutdown in progress
  1927, // MariaDB: connection was killed
]);

/** PostgreSQL's classes for connections that end: 08, and operator intervention that ends the session. */
const UNANSWERED_STATE = /^(08|57P)/;

/** What SQLite says of a disk that failed while it wrote. */
const DISK_FAULT = /^SQLITE_IOERR/;

/** Reads what a driver threw while or before a statement ran. @param isEmbedded - whether the database answers in this process. */
export function storeFault(error: unknown, isEmbedded: boolean): StoreFault {
  const found = ((error as { readonly driverError?: unknown } | null)?.driverError ?? error ?? {}) as DriverError;
  const number = typeof found.errno === 'number' && typeof found.sqlState === 'string' ? found.errno : found.code;
  const isRefused = isEmbedded ? isRefusedHere(found, error) : isAnswered(found, number);
  const isDuplicate = DUPLICATE.has(number) || (isEmbedded && /UNIQUE constraint failed/.test(String((error as Error).message)));
  return { isRefused, isDuplicate, isTransient: !isRefused || TRANSIENT.has(number) };
}

function isAnswered({ sqlState, severity, code }: DriverError, number: unknown): boolean {
  if (UNANSWERED.has(number)) return false;
  if (typeof sqlState === 'string') return true;
  return severity !== undefined && typeof code === 'string' && !UNANSWERED_STATE.test(code);
}

/** An error that is not of the statement came while the database was written to its file. */
function isRefusedHere({ code }: DriverError, error: unknown): boolean {
  return error instanceof QueryFailedError && !(typeof code === 'string' && DISK_FAULT.test(code));
}
