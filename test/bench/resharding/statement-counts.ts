import type { Repository } from 'typeorm';
import { memoryTopology, type Shard, ShardedDataSource, type ShardedDataSourceOptions, sqlTopology } from 'typeorm-sharding';
import { runSql, startServer } from '../../database/servers';
import type { Figure } from '../figure';
import { Account } from './account';

/** One call of each kind, on one row. */
const CALLS: readonly ((accounts: Repository<Account>, id: string) => Promise<unknown>)[] = [
  (accounts, id) => accounts.insert({ id, text: 'x', value: 1 }),
  (accounts, id) => accounts.findOneBy({ id }),
  (accounts, id) => accounts.update({ id }, { value: 2 }),
  (accounts, id) => accounts.save({ id, text: 'y', value: 3 }),
  (accounts, id) => accounts.increment({ id }, 'value', 1),
  (accounts, id) => accounts.delete({ id }),
];
const ROUNDS = 20;

/**
 * How many more statements reach a shard through the cluster than through the shard's own repository while nothing is armed, by the
 * server's general log; with a topology in memory, and with a shared one that has no plan.
 */
export async function* statementCounts(): AsyncIterable<Figure> {
  const server = await startServer('mariadb');
  const { host, port, username, password } = server;
  try {
    for (const [name, topology] of [
      ['memory', memoryTopology],
      ['shared', () => sqlTopology({ type: 'mysql', host, port, username, password, database: 'topology' } as never)],
    ] as const) {
      await runSql(server, ['create or replace database shard', 'create or replace database topology']);
      const cluster = await new ShardedDataSource({
        type: 'mysql',
        entities: [Account],
        synchronize: true,
        shards: [{ name: 's1', host, port, username, password, database: 'shard' }],
        topology: topology(),
      } as unknown as ShardedDataSourceOptions).initialize();
      try {
        if (name === 'shared') await cluster.reshard.provision();
        const [shard] = cluster.shards as readonly [Shard];
        const routed = await counted(() => callAll(cluster.getRepository(Account), 'a'));
        const plain = await counted(() => callAll(shard.dataSource.getRepository(Account), 'b'));
        const note = `${routed.length} and ${plain.length} statements for ${CALLS.length * ROUNDS} calls; ${await triggers()} triggers`;
        yield {
          what: `statements that a cluster with a ${name} topology and no plan adds to calls`,
          value: routed.length - plain.length,
          unit: 'statements',
          limit: 0,
          note,
        };
      } finally {
        await cluster.destroy();
      }
    }
  } finally {
    await server.stop();
  }

  async function counted(work: () => Promise<void>): Promise<readonly string[]> {
    await runSql(server, ["set global log_output = 'TABLE'", 'truncate table mysql.general_log', 'set global general_log = ON']);
    await work();
    await runSql(server, ['set global general_log = OFF']);
    const rows = await runSql(
      server,
      // Of the shard's tables and transactions; the topology is refreshed on a connection of its own.
      [
        "select argument from mysql.general_log where command_type in ('Query', 'Execute') and argument not regexp 'general_log|_topology|heartbeat|_clients'",
      ],
    );
    return rows.map((row) => String((row as { argument: unknown }).argument));
  }

  async function triggers(): Promise<number> {
    const rows = await runSql(server, ["select count(*) as counted from information_schema.triggers where trigger_schema = 'shard'"]);
    return Number((rows[0] as { counted: unknown }).counted);
  }
}

async function callAll(accounts: Repository<Account>, prefix: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) for (const call of CALLS) await call(accounts, `${prefix}${round}`);
}
