import { parseSelection } from '../selection';
import { type Counts, lastLines } from './last-lines';

const clean: Counts = { numPassedTests: 12, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, numRuntimeErrorTestSuites: 0 };

describe('The last lines of a run', () => {
  it('are one line of counts when nothing is skipped or left out', () => {
    expect(lastLines(clean, 0, parseSelection(''))).toEqual(['12 passed, 0 failed']);
  });

  it('count test files that could not run, and leaks, as failed', () => {
    expect(lastLines({ ...clean, numFailedTests: 1, numRuntimeErrorTestSuites: 2 }, 4, parseSelection(''))).toEqual([
      '12 passed, 7 failed',
    ]);
  });

  it('count what is skipped or to do, and name what was left out', () => {
    expect(lastLines({ ...clean, numPendingTests: 1, numTodoTests: 1 }, 0, parseSelection('postgres'))).toEqual([
      '12 passed, 0 failed, 2 skipped',
      'TEST_DATABASES=postgres: narrowed on purpose; not run: sqlite, mariadb',
    ]);
  });
});
