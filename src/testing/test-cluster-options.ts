import type { ShardedDataSourceOptions, ShardingOptions } from '../cluster';
import type { ColumnTypes } from './columns/adapt-driver';

type Shared = Pick<
  ShardedDataSourceOptions,
  | 'entities'
  | 'subscribers'
  | 'namingStrategy'
  | 'entityPrefix'
  | 'logging'
  | 'logger'
  | 'maxQueryExecutionTime'
  | 'invalidWhereValuesBehavior'
  | 'isolationLevel'
>;

/** A shard of a test cluster. */
export interface TestShardOptions {
  /** Name of the shard. */
  readonly name: string;
  /** Share of the keys in proportion to the other shards; 0 owns nothing. */
  readonly weight?: number;
  /** Members that live side by side in this database. */
  readonly partitions?: readonly (number | string)[];
}

/** What a test cluster is made of: the options of a `ShardedDataSource` but for those of connections. */
export interface TestClusterOptions extends Shared, Omit<ShardingOptions, 'shards' | 'connect' | 'maxConnections' | 'initCommand'> {
  /**
   * How many shards, which are named `shard-1`, `shard-2` and so on; or their names. With the names and weights of production, keys are
   * on the same shards as there.
   * @defaultValue 3
   */
  readonly shards?: number | readonly (string | TestShardOptions)[];
  /**
   * What columns are kept as whose types nothing in SQLite resembles, by the type in lower case: `{ geometry: 'text' }`. Their
   * values come back as they were written.
   */
  readonly columnTypes?: ColumnTypes;
}

/** The options of the `ShardedDataSource` that a test cluster is. */
export function clusterOptions(options: TestClusterOptions, driver: unknown): ShardedDataSourceOptions {
  const { shards = 3, columnTypes: _columnTypes, ...others } = options;
  const named = typeof shards === 'number' ? Array.from({ length: shards }, (_, index) => `shard-${index + 1}`) : shards;
  return { ...others, type: 'sqljs', synchronize: true, driver, shards: named } as ShardedDataSourceOptions;
}
