/** What drivers say with the codes that a test asks for most; mysql2's and Node's own words. */
const MESSAGES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect ECONNREFUSED',
  ECONNRESET: 'read ECONNRESET',
  EPIPE: 'write EPIPE',
  ETIMEDOUT: 'connect ETIMEDOUT',
  PROTOCOL_CONNECTION_LOST: 'Connection lost: The server closed the connection.',
  ER_LOCK_DEADLOCK: 'Deadlock found when trying to get lock; try restarting transaction',
  ER_LOCK_WAIT_TIMEOUT: 'Lock wait timeout exceeded; try restarting transaction',
  ER_DUP_ENTRY: 'Duplicate entry',
  ER_QUERY_INTERRUPTED: 'Query execution was interrupted',
};

/** Faults after which the connection is gone, and with it its transaction. */
const LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'PROTOCOL_CONNECTION_LOST', '57P01']);

/** A fault as tests give it: an error as the driver would throw it, or the driver's code for it, such as `ER_DUP_ENTRY` or `40001`. */
export type DriverFault = Error | string;

/** Makes the error that a driver throws. */
export function driverError(fault: DriverFault): Error {
  if (typeof fault !== 'string') return fault;
  return Object.assign(new Error(MESSAGES[fault] ?? `The database answered with ${fault}.`), { code: fault });
}

/** Whether the connection does not survive the error. */
export function breaksConnection(error: Error): boolean {
  const { code } = error as { readonly code?: unknown };
  return LOST.has(String(code)) || error.message.startsWith('Connection terminated');
}
