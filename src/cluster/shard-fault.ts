import { types } from 'node:util';
import { QueryFailedError, QueryRunnerAlreadyReleasedError, TypeORMError } from 'typeorm';
import { ShardError, ShardingError } from '../errors';

/** Faults of drivers after which the same call may succeed. */
const RETRYABLE = new Set([
  'ER_LOCK_DEADLOCK', // MySQL 1213: another transaction won; this one was rolled back
  'ER_LOCK_WAIT_TIMEOUT', // MySQL 1205
  'ER_CON_COUNT_ERROR', // MySQL 1040: too many connections
  'PROTOCOL_CONNECTION_LOST', // mysql2: the server closed the connection
  'ECONNREFUSED', // nobody listens: a server that restarts
  'ECONNRESET', // the connection broke
  'EPIPE', // the connection broke while writing
  'ETIMEDOUT', // no answer while connecting
  '40001', // PostgreSQL: serialization failure
  '40P01', // PostgreSQL: deadlock detected
  '53300', // PostgreSQL: too many connections
  '25P03', // PostgreSQL: ended for being idle in a transaction, which was rolled back
  '57P01', // PostgreSQL: the server is shutting down
  '57P03', // PostgreSQL: the server is starting
  '57P05', // PostgreSQL: ended for being idle, as this library asks for
  'SQLITE_BUSY', // another process writes
]);

/** Faults of drivers that come as a plain Error without a code. */
const CONNECTION_FAULT = /connection|pool|database (handle|connection) is (closed|not open)|authentication/i;

/** What pg throws, without a code, when the server ends the connection under a statement, and both drivers when it had ended before. */
const CONNECTION_LOST =
  /^Connection terminated|^Client (has encountered|was closed).* not queryable|^Can't add new command when connection is/;

/**
 * Names the shard on what a database or its driver threw. What the library, TypeORM's own checks or the user's listeners threw
 * passes as it is, since no shard is at fault.
 */
export function shardFault(shard: string, error: unknown): unknown {
  if (error instanceof ShardingError || !isError(error)) return error;
  // TypeORM takes what kept a runner from its connection for a fault of the statement.
  if (error instanceof QueryFailedError && error.driverError instanceof ShardingError) return error.driverError;
  const code = driverCode(error);
  // TypeORM releases a runner whose connection to PostgreSQL broke under it.
  if (error instanceof QueryRunnerAlreadyReleasedError) return new ShardError(shard, undefined, { cause: error, retryable: true });
  const isDrivers =
    error instanceof QueryFailedError || (!(error instanceof TypeORMError) && (code !== undefined || CONNECTION_FAULT.test(error.message)));
  if (!isDrivers) return error;
  const retryable = code === undefined ? CONNECTION_LOST.test(error.message) : RETRYABLE.has(code);
  return new ShardError(shard, code, { cause: error, retryable });
}

/** Names the shard on whatever kept it from being connected; what `connect` of the options threw is no exception. */
export function connectFault(shard: string, error: unknown): ShardingError {
  const fault = shardFault(shard, error);
  return fault instanceof ShardingError ? fault : new ShardError(shard, undefined, { cause: fault });
}

/** Errors of Node.js itself are no instances of `Error` in another realm, such as that of a test runner. */
function isError(error: unknown): error is Error {
  return error instanceof Error || types.isNativeError(error);
}

function driverCode(error: Error): string | undefined {
  const { code, driverError } = error as { readonly code?: unknown; readonly driverError?: { readonly code?: unknown } };
  const found = driverError?.code ?? code;
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}
