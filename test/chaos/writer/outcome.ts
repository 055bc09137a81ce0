import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import { ShardError, ShardingError, ShardsFailedError } from 'typeorm-sharding';

/** What an error says of the operation that it ended. `unexpected`: of a kind that the library should not show here. */
export interface Outcome {
  readonly kind: 'refused' | 'unknown' | 'unexpected';
  readonly code: string;
}

/** The library's own: surely nothing was done. */
const NOTHING_DONE = new Set(['ERR_TOPOLOGY_CHANGED', 'ERR_ROUTE_LEASE', 'ERR_DATABASE_BUSY', 'ERR_TOPOLOGY_STORE']);

/** Of drivers: the statement or the transaction was rolled back, or never arrived. */
const ROLLED_BACK = new Set([
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD', // MariaDB's snapshot isolation: changed since the snapshot
  'ER_CON_COUNT_ERROR',
  'ER_QUERY_INTERRUPTED',
  'ECONNREFUSED',
  '40001',
  '40P01',
  '53300',
  '55P03',
  '57014',
  '57P03',
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
]);

/** Of drivers: the connection broke, perhaps after the commit. */
const BROKEN = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ER_SERVER_SHUTDOWN',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'ER_CONNECTION_KILLED',
  '57P01',
  '57P02',
  '57P05',
  '25P03',
  '25P04',
  '08006',
  '08003',
]);

/** What pg throws, without a code, when the server ends the connection under a statement, and both drivers when it had ended before. */
const CONNECTION_LOST =
  /^Connection terminated|^Client (has encountered|was closed).* not queryable|^Can't add new command when connection is/;

/** Says what is known of an operation that threw. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof ShardsFailedError) return ofSeveral(error);
  if (error instanceof ShardError) return ofDriver(error);
  if (error instanceof ShardingError) return { kind: NOTHING_DONE.has(error.code) ? 'refused' : 'unexpected', code: error.code };
  return { kind: 'unexpected', code: `${(error as Error)?.name}: ${String((error as Error)?.message).slice(0, 200)}` };
}

function ofDriver({ driverCode, cause }: ShardError): Outcome {
  const text = String((cause as Error)?.message);
  // TypeORM says so when pg told it that the connection broke; a commit may have been on its way.
  if (cause instanceof QueryRunnerAlreadyReleasedError) return { kind: 'unknown', code: 'released' };
  if (driverCode !== undefined && ROLLED_BACK.has(driverCode)) return { kind: 'refused', code: driverCode };
  if (driverCode !== undefined && BROKEN.has(driverCode)) return { kind: 'unknown', code: driverCode };
  if (driverCode === undefined && CONNECTION_LOST.test(text)) return { kind: 'unknown', code: 'connection' };
  return { kind: 'unexpected', code: `${driverCode ?? 'no code'}: ${text.slice(0, 200)}` };
}

function ofSeveral({ failed, succeeded, notAttempted }: ShardsFailedError): Outcome {
  const each = failed.map(({ error }) => outcomeOf(error));
  const code = `several(${[...new Set(each.map((one) => one.code))].join(', ')})`;
  if (each.some(({ kind }) => kind === 'unexpected')) return { kind: 'unexpected', code };
  const isNothingDone = succeeded.length === 0 && notAttempted.length === 0 && each.every(({ kind }) => kind === 'refused');
  return { kind: isNothingDone ? 'refused' : 'unknown', code };
}
