import { ensureNativeSqlite } from './native-sqlite';

describe('A better-sqlite3 that cannot be loaded', () => {
  it('is answered with what to install and how to leave it out', () => {
    const fail = () => {
      throw new Error("Cannot find module 'better-sqlite3'\nRequire stack: …");
    };

    expect(() => ensureNativeSqlite(fail)).toThrow(
      [
        "Tests run on SQLite by better-sqlite3, and its native code cannot be loaded (Error: Cannot find module 'better-sqlite3').",
        'Install a C++ compiler and Python, then build it and run the same command again:',
        '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends build-essential python3',
        '  macOS:           xcode-select --install',
        '  then:            npm install --include=optional && npm rebuild better-sqlite3',
        'To leave SQLite out on purpose, name what to run on: TEST_DATABASES=mariadb,postgres npm test.',
      ].join('\n'),
    );
  });
});
