/**
 * Why the guard refused a write.
 *
 *   elsewhere     another shard owns the position by now, or this one never did: route anew
 *   frozen        the position is being moved: wait, then route anew
 *   keyChange     an update would change the position, the shard key or the primary key: it can never succeed
 *   notForMover   a mover's session wrote what is not its to write, or with an old token: its lease is lost
 */
export type FenceRefusal = 'elsewhere' | 'frozen' | 'keyChange' | 'notForMover';

/** What the databases signal for each refusal, which is how it is recognised. */
export interface RefusalSignal {
  /** MySQL's error number, with SQLSTATE 45000. */
  readonly errno: number;
  /** PostgreSQL's SQLSTATE. */
  readonly sqlState: string;
  /** The message, by which SQLite's refusals are known. */
  readonly message: string;
}

/** The signal of each refusal; each is part of the guards' text, so another signal is another version of them. */
export const REFUSALS: Readonly<Record<FenceRefusal, RefusalSignal>> = {
  elsewhere: { errno: 31_701, sqlState: 'SHF01', message: 'typeorm-sharding fence: this shard does not own the row' },
  frozen: { errno: 31_702, sqlState: 'SHF02', message: 'typeorm-sharding fence: the row is being moved' },
  keyChange: { errno: 31_703, sqlState: 'SHF03', message: 'typeorm-sharding fence: a stored row cannot change its key' },
  notForMover: { errno: 31_704, sqlState: 'SHF04', message: 'typeorm-sharding fence: not a row for this mover' },
};

/**
 * Recognises a refusal of the fence in what a driver, TypeORM or the library threw, however deep it is wrapped.
 *
 * MySQL's is known by number, since `code` is undefined for a signalled error, PostgreSQL's by SQLSTATE, SQLite's by message.
 *
 * @returns undefined for every other error.
 */
export function fenceRefusalOf(error: unknown): FenceRefusal | undefined {
  const seen = new Set<unknown>();
  for (let each = error; isObject(each) && !seen.has(each); each = each.driverError ?? each.cause) {
    seen.add(each);
    const found = (Object.keys(REFUSALS) as FenceRefusal[]).find((refusal) => isSignal(each as Thrown, REFUSALS[refusal]));
    if (found) return found;
  }
  return undefined;
}

/** Whether an error is a refusal of the fence. @see fenceRefusalOf */
export function isFenceRefusal(error: unknown): boolean {
  return fenceRefusalOf(error) !== undefined;
}

interface Thrown {
  readonly errno?: unknown;
  readonly sqlState?: unknown;
  readonly code?: unknown;
  readonly severity?: unknown;
  readonly message?: unknown;
  readonly driverError?: unknown;
  readonly cause?: unknown;
}

function isObject(value: unknown): value is Thrown {
  return typeof value === 'object' && value !== null;
}

function isSignal({ errno, sqlState, code, severity, message }: Thrown, signal: RefusalSignal): boolean {
  if (sqlState === '45000') return errno === signal.errno;
  if (severity !== undefined) return code === signal.sqlState;
  return isSqliteAbort(code) && message === signal.message;
}

/** better-sqlite3 names the kind of constraint; sql.js says nothing but the message. */
function isSqliteAbort(code: unknown): boolean {
  return code === undefined || code === 'SQLITE_CONSTRAINT_TRIGGER';
}
