/**
 * Starts a throwaway MariaDB server for each shard of the shop's settings and stops them at Ctrl-C. Their data lie in folders for
 * temporary files and go with them, however this process ends.
 */
import 'reflect-metadata';
import { escape as quoted } from 'mysql2';
import { type PrivateServer, runSql, startServer } from '../../test/database/servers';
import { readSettings } from './src/settings/settings';
import type { ShardAddress } from './src/settings/shard-address';

async function main(): Promise<void> {
  const { shards } = readSettings(process.env);
  const ended = signalled();
  console.log(`Starting ${shards.length} MariaDB servers …`);
  const starting = await Promise.allSettled(shards.map(startDatabase));
  const servers = starting.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    const failed = starting.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    for (const { name, host, port, database } of shards) console.log(`${name}: MariaDB on ${host}:${port}, database ${database}`);
    console.log('Ready. Ctrl-C stops the servers and deletes their data.');
    const alive = setInterval(() => {}, 1_000_000); // The servers do not keep this process alive.
    await ended;
    console.log('Stopping …');
    clearInterval(alive);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  console.log('Stopped. Nothing is left behind.');
}

/** Answers at the first signal to end. Later ones change nothing: npm passes on the Ctrl-C that this process has had already. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

async function startDatabase({ host, port, database, username, password }: ShardAddress): Promise<PrivateServer> {
  if (host !== '127.0.0.1') throw new Error(`SHOP_SHARDS names ${host}; throwaway servers are on 127.0.0.1 only.`);
  const server = await startServer('mariadb', { port });
  const user = `${quoted(username)}@'127.0.0.1'`;
  const grant = `GRANT ALL PRIVILEGES ON ${database}.* TO ${user}`;
  await runSql(server, [`CREATE DATABASE ${database}`, `CREATE USER ${user} IDENTIFIED BY ${quoted(password)}`, grant]);
  return server;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
