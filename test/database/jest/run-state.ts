import type { PrivateServer, Supervisor } from '../servers';
import type { Counts } from './last-lines';

/** What set-up, reporter and tear-down hand to each other within jest's own process. */
export interface RunState {
  /** Owner of the directory for database files. */
  files?: Supervisor;
  servers?: readonly PrivateServer[];

  /** Faults that are not a test's, found at the end. */
  leaks?: number;

  /** Entered by the reporter, which jest does not transpile: result-reporter.js writes the same symbol. */
  results?: Counts;
}

const key = Symbol.for('typeorm-sharding.test-run');

/** The state of this process's run. */
export function runState(): RunState {
  const holder = globalThis as { [key]?: RunState };
  holder[key] ??= {};
  return holder[key];
}
