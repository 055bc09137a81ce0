import { type ShardConnectionOptions, ShardedDataSource, type ShardedDataSourceOptions, sqlTopology } from 'typeorm-sharding';
import { type PrivateServer, runSql, startServer } from '../../database/servers';
import { Account } from './account';

/** Where the two shards and the topology are, as another process can be told. */
export interface TwoServers {
  readonly shards: readonly [ShardConnectionOptions, ShardConnectionOptions];
  readonly topology: ShardConnectionOptions;
}

/** As servers are installed, and unlike those of the tests: a commit is on the disk before it is acknowledged. */
const DURABLE = ['--innodb-flush-log-at-trx-commit=1', '--innodb-flush-method=fsync', '--innodb-doublewrite=ON'];

const TIMES = { routeLeaseMs: 1_000, refreshMs: 100, idleTimeoutMs: 5_000, graceMs: 6_000, disarmMarginMs: 0 };

/** Starts two MariaDB servers, with a database for a shard on each, and one for the topology beside the first. */
export async function startTwoServers(): Promise<TwoServers & { stop(): Promise<void> }> {
  const servers = [await startServer('mariadb', { more: DURABLE }), await startServer('mariadb', { more: DURABLE })] as const;
  const stop = async () => {
    for (const server of servers) await server.stop();
  };
  await runSql(servers[0], ['create database shard', 'create database topology']);
  await runSql(servers[1], ['create database shard']);
  const topology = connectionOf(servers[0], 'topology');
  return { shards: [connectionOf(servers[0], 'shard'), connectionOf(servers[1], 'shard')], topology, stop };
}

function connectionOf({ host, port, username, password }: PrivateServer, database: string): ShardConnectionOptions {
  return { host, port, username, password, database };
}

/**
 * The cluster as each process sees it; at first `s1` owns everything.
 *
 * @param more - The weight of `s1`, which tells how much moves when `s2` joins with its weight of 1; and options.
 */
export function clusterOf(
  { shards, topology }: TwoServers,
  { weight = 1, ...more }: { readonly weight?: number; readonly synchronize?: boolean } = {},
): ShardedDataSource {
  return new ShardedDataSource({
    type: 'mysql',
    entities: [Account],
    poolSize: 24,
    shards: [
      { name: 's1', weight, ...shards[0] },
      { name: 's2', weight: 0, ...shards[1] },
    ],
    topology: sqlTopology({ type: 'mysql', ...topology } as Parameters<typeof sqlTopology>[0]),
    resharding: TIMES,
    ...more,
  } as ShardedDataSourceOptions);
}

/** Makes the tables, and fills that of `s1` in the database; the positions are the library's. */
export async function openFilled(servers: TwoServers, rows: number, more: { readonly weight?: number } = {}): Promise<ShardedDataSource> {
  const cluster = await clusterOf(servers, { synchronize: true, ...more }).initialize();
  const source = cluster.shard('s1').dataSource;
  await source.query('TRUNCATE TABLE account');
  await source.query(
    'INSERT INTO account (id, text, value, _shard_position) ' +
      `SELECT CONCAT('k', seq), REPEAT('x', 100), 0, CONV(LEFT(MD5(CONCAT('k', seq)), 12), 16, 10) FROM seq_1_to_${rows}`,
  );
  await cluster.reshard.provision();
  return cluster;
}
