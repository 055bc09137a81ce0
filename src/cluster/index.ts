export { type BudgetedCall, runWithinBudget } from './budgeted-access';
export { callerLocation } from './caller-location';
export { ClusterCore } from './cluster-core';
export { type ConnectionBudget, connectionBudget, type PoolBudget } from './connection-budget';
export { runTransaction } from './embedded-lock';
export { checkHealth, type ShardHealth } from './health';
export { fromHostConfig, type HostConfig, type HostConfigOptions } from './host-config';
export { resolveClusterOptions } from './resolve-cluster-options';
export type { ResolvedClusterOptions, ResolvedShard } from './resolved-options';
export { isLimited, mergeScatter, type ScatterBudget } from './scatter-budget';
export { type Shard, ShardHandle } from './shard';
export { DirectAccess, type ShardAccess } from './shard-access';
export { type ShardContext, ShardDataSource } from './shard-data-source';
export { shardFault } from './shard-fault';
export { shardOf } from './shard-of';
export { ShardOpener } from './shard-opener';
export type {
  ShardConnectionOptions,
  ShardedDataSourceOptions,
  ShardingOptions,
  ShardOptions,
} from './sharded-data-source-options';
export { cancellerOf } from './statement-canceller';
