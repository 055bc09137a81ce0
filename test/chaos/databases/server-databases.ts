import { setTimeout as delay } from 'node:timers/promises';
import { type PrivateServer, runSql, type ServerKind, Supervisor, startServer } from '../../database/servers';
import type { ChaosDatabases } from './chaos-databases';

const small: Readonly<Record<ServerKind, readonly string[]>> = {
  mariadb: ['--innodb-buffer-pool-size=24M', '--innodb-log-file-size=16M', '--innodb-lock-wait-timeout=5', '--max-connections=200'],
  postgres: ['-c', 'shared_buffers=16MB', '-c', 'max_connections=150', '-c', 'lock_timeout=5s', '-c', 'autovacuum_naptime=5s'],
};

/** One server for each shard and one for the store of the topology. */
export async function serverDatabases(kind: ServerKind): Promise<ChaosDatabases> {
  const names = ['s1', 's2', 's3', 'store'];
  const folder = await Supervisor.start();
  const started = await Promise.allSettled(names.map(() => startServer(kind, { more: small[kind] })));
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async () => void (await Promise.all([...servers.map((server) => server.stop()), folder.stop()]));
  try {
    const failed = started.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    await Promise.all(servers.map((server) => runSql(server, ['create database chaos'])));
  } catch (error) {
    await stop();
    throw error;
  }
  const type = kind === 'mariadb' ? 'mysql' : 'postgres';
  const reach = ({ host, port, username, password }: PrivateServer) => ({ host, port, username, password, database: 'chaos' });
  const [store] = servers.slice(-1);
  return {
    kind,
    directory: folder.directory,
    members: names,
    description: {
      type,
      shards: servers.slice(0, 3).map((server, index) => ({ name: names[index]!, ...(index === 2 && { weight: 0 }), ...reach(server) })),
      topology: { type, ...reach(store!) },
      more: {},
    },
    async outage(member, ms) {
      const server = servers[names.indexOf(member)]!;
      await server.kill('SIGKILL');
      await delay(ms);
      await server.restart();
    },
    stop,
  };
}
