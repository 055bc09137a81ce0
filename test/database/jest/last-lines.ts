import { narrowedLine, type Selection } from '../selection';

/** What the last lines are made of; part of jest's AggregatedResult. */
export interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;

  /** Test files that could not run, or left something behind. */
  readonly numRuntimeErrorTestSuites: number;
}

/**
 * The lines that end a run: what passed and failed, and what was left out on purpose.
 *
 * @param leaks - faults found after the last test. They count as failed, as does a test file that could not run.
 */
export function lastLines(counts: Counts, leaks: number, selection: Selection): readonly string[] {
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites + leaks;
  const skipped = counts.numPendingTests + counts.numTodoTests;
  const line = `${counts.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return [line, narrowedLine(selection)].filter((text) => text !== undefined);
}
