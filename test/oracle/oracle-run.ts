import { casesOf } from '../long-run';
import { FAMILIES, type Family } from './deck';

/** How much a run compares. */
export interface OracleRun {
  /** Calls for each kind of database. */
  readonly calls: number;
  readonly seed: number;
  readonly families: readonly Family[];
  readonly timeoutMs: number;
}

const CALLS = casesOf({ short: 200, long: 2_000 });
/** Milliseconds that a call may take on all clusters together, on a busy machine, with shrinking when one fails. */
const TIME_FOR_A_CALL = 200;

/**
 * Reads what a run is asked for:
 *
 * * `ORACLE_CALLS=50000` compares more calls, for a long run
 * * `ORACLE_SEED=7` the calls of that seed, as a run prints it, instead of others each time
 * * `ORACLE_FAMILIES=find,write` only these kinds of calls
 *
 * @throws Error when one of them is something else.
 */
export function oracleRun(env: NodeJS.ProcessEnv = process.env): OracleRun {
  const calls = wholeNumber('ORACLE_CALLS', env.ORACLE_CALLS, CALLS);
  const seed = wholeNumber('ORACLE_SEED', env.ORACLE_SEED === 'random' ? undefined : env.ORACLE_SEED, 1 + (Date.now() & 0x3fffffff));
  const named = env.ORACLE_FAMILIES?.split(',') ?? FAMILIES;
  const families = FAMILIES.filter((family) => named.includes(family));
  if (families.length < named.length) throw new Error(`ORACLE_FAMILIES is a comma list of ${FAMILIES.join(', ')}.`);
  return { calls, seed, families, timeoutMs: 240_000 + calls * TIME_FOR_A_CALL };
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name}=${text} is no whole number above 0.`);
  return value;
}
