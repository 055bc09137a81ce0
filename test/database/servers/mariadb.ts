import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow, type ServerRecipe, serverUser } from './recipe';

/** MariaDB with its own defaults for collations, and settings for many short-lived small databases. */
export const mariadbRecipe: ServerRecipe = {
  systemUser: 'mysql',
  stopSignal: 'SIGKILL',

  async prepare(supervisor, binaries, password) {
    const data = join(supervisor.directory, 'data');
    const args = [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
    ];
    await runOrThrow(supervisor, binaries['mariadb-install-db']!, args);
    await writeFile(join(supervisor.directory, 'init.sql'), userStatements(password));
  },

  command(directory, binaries, port) {
    return [
      binaries.mariadbd!,
      '--no-defaults',
      `--datadir=${join(directory, 'data')}`,
      `--socket=${join(directory, 'mysql.sock')}`,
      `--pid-file=${join(directory, 'mysql.pid')}`,
      `--init-file=${join(directory, 'init.sql')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      // Without a configuration file the compiled-in default would be latin1; every package sets this one.
      '--character-set-server=utf8mb4',
      '--max-connections=400',
      '--performance-schema=OFF',
      '--skip-log-bin',
      '--innodb-buffer-pool-size=64M',
      '--innodb-log-file-size=32M',
      // Written at each commit and never waited for: what was acknowledged survives kill -9, only not a power cut.
      '--innodb-flush-log-at-trx-commit=2',
      '--innodb-doublewrite=OFF',
      '--innodb-flush-method=nosync',
      '--sync-frm=OFF',
      // Kernels limit asynchronous requests for the whole machine; several servers would exhaust them.
      '--innodb-use-native-aio=OFF',
    ];
  },
};

/** Runs at each start, before anybody can connect: one user, no anonymous one, no root without password. */
function userStatements(password: string): string {
  return [
    `CREATE USER IF NOT EXISTS '${serverUser}'@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${serverUser}'@'%' WITH GRANT OPTION;`,
    `DELETE FROM mysql.global_priv WHERE user NOT IN ('${serverUser}', 'mariadb.sys');`,
    'FLUSH PRIVILEGES;',
    '',
  ].join('\n');
}
