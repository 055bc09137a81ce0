import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow, type ServerRecipe, serverUser } from './recipe';

/** PostgreSQL with the collation of the environment, reachable by TCP and password only. */
export const postgresRecipe: ServerRecipe = {
  systemUser: 'postgres',
  // Its immediate shutdown also gives back the shared memory and the semaphores.
  stopSignal: 'SIGQUIT',

  async prepare(supervisor, binaries, password) {
    const passwordFile = join(supervisor.directory, 'password');
    await writeFile(passwordFile, password);
    const args = [`--pgdata=${join(supervisor.directory, 'data')}`, `--username=${serverUser}`, `--pwfile=${passwordFile}`];
    await runOrThrow(supervisor, binaries.initdb!, [...args, '--auth=scram-sha-256', '--encoding=UTF8', '--no-sync']);
  },

  command(directory, binaries, port) {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '300',
      max_prepared_transactions: '100',
      shared_buffers: '32MB',
      // Files in the data directory, which a kill -9 cannot leave behind in /dev/shm.
      dynamic_shared_memory_type: 'mmap',
      // Nothing survives a power cut; what was acknowledged still survives kill -9.
      fsync: 'off',
      full_page_writes: 'off',
      jit: 'off',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return [binaries.postgres!, '-D', join(directory, 'data'), '-p', String(port), ...options];
  },
};
