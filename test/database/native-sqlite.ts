/**
 * Makes sure that better-sqlite3's native code loads; it is an optional dependency and is compiled where no prebuilt one can be fetched.
 *
 * @param load - opens and closes a database with it.
 * @throws Error that says what to install.
 */
export function ensureNativeSqlite(load: () => void = openAndClose): void {
  try {
    load();
  } catch (cause) {
    throw new Error(missingNativeSqliteMessage(String(cause)), { cause });
  }
}

function openAndClose(): void {
  const Database = require('better-sqlite3') as new (path: string) => { close(): void };
  new Database(':memory:').close();
}

/** Says how to get better-sqlite3. */
export function missingNativeSqliteMessage(reason: string): string {
  return [
    `Tests run on SQLite by better-sqlite3, and its native code cannot be loaded (${reason.split('\n')[0]}).`,
    'Install a C++ compiler and Python, then build it and run the same command again:',
    '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends build-essential python3',
    '  macOS:           xcode-select --install',
    '  then:            npm install --include=optional && npm rebuild better-sqlite3',
    'To leave SQLite out on purpose, name what to run on: TEST_DATABASES=mariadb,postgres npm test.',
  ].join('\n');
}
