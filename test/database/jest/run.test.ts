import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { serverKinds } from '..';

const root = join(__dirname, '..', '..', '..');
const jestProgram = join(root, 'node_modules', 'jest', 'bin', 'jest.js');

/** Runs one suite of fixtures/ in a jest of its own. */
function runJest(suite: string, databases: string) {
  const args = [jestProgram, '--testMatch', `**/fixtures/${suite}.suite.ts`];
  const env = { ...process.env, TEST_DATABASES: databases, FORCE_COLOR: '0' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  return { status, stderr, lastLines: stdout.trimEnd().split('\n').slice(-2) };
}

const narrowedToSqlite = 'TEST_DATABASES=sqlite: narrowed on purpose; not run: mariadb, postgres';

describe('A run of jest', () => {
  it('ends with its counts and what was left out', () => {
    const { status, lastLines } = runJest('passing', 'sqlite');

    expect({ status, lastLines }).toEqual({ status: 0, lastLines: ['1 passed, 0 failed, 1 skipped', narrowedToSqlite] });
  }, 30_000);

  it('fails when a suite does not stop its databases, and names the suite and what it left', () => {
    const { status, stderr, lastLines } = runJest('left-files', 'sqlite');

    expect({ status, lastLines }).toEqual({ status: 1, lastLines: ['0 passed, 1 failed', narrowedToSqlite] });
    expect(stderr).toMatch(/FAIL .*left-files(.|\n)*Not stopped by the suite: database files in /);
  }, 30_000);

  it('fails before any test when TEST_DATABASES names an unknown database', () => {
    const { status, stderr } = runJest('passing', 'oracle');

    expect(status).toBe(1);
    expect(stderr.trim()).toMatch(/^TEST_DATABASES=oracle is a comma list of sqlite, mariadb, postgres; not known: oracle\.$/m);
  }, 30_000);

  if (serverKinds.length > 0) {
    it('fails when a database is left on a shared server, and names it', () => {
      const { status, stderr, lastLines } = runJest('left-database', serverKinds[0]!);

      expect(status).toBe(1);
      expect(stderr).toMatch(/Database forgotten is left on the \w+ server on port \d+\./);
      expect(lastLines[0]).toBe('1 passed, 1 failed');
    }, 60_000);
  }
});
