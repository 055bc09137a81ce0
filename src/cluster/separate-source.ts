import type { DataSourceOptions } from 'typeorm';
import { ShardDataSource } from './shard-data-source';
import { connectFault } from './shard-fault';
import { separateDriver } from './shared-connections';

/** Connections of {@link separateSource}. */
export interface SeparateConnections {
  /** How many at most, from 1. */
  readonly connections: number;
  /** Statements that run on each new connection, after the configured one. */
  readonly initCommands: readonly string[];
}

/**
 * Opens a data source of the same member, over connections to its primary server that nobody else has. It shares the member's metadata,
 * tells no subscriber and logs no statement, whatever the member's does. Only for servers; an embedded database has one handle.
 *
 * @returns an initialized data source that the caller destroys.
 * @throws {ShardError} when the server cannot be reached; then nothing is left open.
 */
export async function separateSource(
  source: ShardDataSource,
  { connections, initCommands }: SeparateConnections,
): Promise<ShardDataSource> {
  const { driver, ...given } = source.options as unknown as GivenOptions;
  const own = new ShardDataSource(
    {
      ...given,
      ...withoutReplicas(given),
      extra: plainExtra(given),
      poolSize: connections,
      driver: separateDriver(driver, initCommands),
      ...{ logging: false, cache: false, maxQueryExecutionTime: undefined, subscribers: [] },
    } as unknown as DataSourceOptions,
    source.context,
    source,
  );
  try {
    await own.initialize();
    return own;
  } catch (error) {
    throw connectFault(source.context.shard, error);
  }
}

/** What is read of options that were made for a server. */
interface GivenOptions {
  readonly driver: object;
  readonly replication?: object;
  readonly extra?: Readonly<Record<string, unknown>>;
}

function withoutReplicas({ replication }: Omit<GivenOptions, 'driver'>) {
  return replication && { replication: { ...replication, slaves: [] } };
}

/** What the drivers themselves call the pool's size would win, and a `typeCast` would change values on their way. */
function plainExtra({ extra }: Omit<GivenOptions, 'driver'>): Readonly<Record<string, unknown>> {
  const { connectionLimit: _limit, max: _max, min: _min, typeCast: _cast, ...rest } = extra ?? {};
  return rest;
}
