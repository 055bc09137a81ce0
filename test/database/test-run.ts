import type { ServerAddress } from './servers';

/** What the jest processes of one run share. */
export interface TestRun {
  /** Directory for database files, deleted at the end however the run ends. */
  readonly files: string;

  /** The servers that all suites share. */
  readonly servers: readonly ServerAddress[];
}

const variable = 'TYPEORM_SHARDING_TEST_RUN';

/** Tells the workers, which inherit the environment. */
export function publishTestRun(run: TestRun): void {
  process.env[variable] = JSON.stringify(run);
}

/**
 * The run that this process belongs to.
 *
 * @throws Error outside a run of jest.
 */
export function currentTestRun(): TestRun {
  const text = process.env[variable];
  if (text === undefined) {
    throw new Error('No test run: the shared databases are started by jest. Outside it, use startServer().');
  }
  return JSON.parse(text) as TestRun;
}

/** The servers that all suites of this run share. */
export function runningServers(): readonly ServerAddress[] {
  return currentTestRun().servers;
}
