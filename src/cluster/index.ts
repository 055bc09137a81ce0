export { type AcceptedPlacement, acceptNext, narrowIdentity } from './accepted-identity';
export { type BudgetedCall, runWithinBudget } from './budgeted-access';
export type { ActiveContext } from './call-contexts';
export type { CallLimit } from './call-limit';
export { callerLocation } from './caller-location';
export { ClusterCore } from './cluster-core';
export { type ConnectionBudget, connectionBudget, type PoolBudget } from './connection-budget';
export { runTransaction } from './embedded-lock';
export type { ShardExamination } from './examine';
export { Footprint, type GroupFootprint } from './footprint';
export { gather } from './gather';
export { giveBack, undo } from './give-back';
export { checkHealth, type ShardHealth } from './health';
export { fromHostConfig, type HostConfig, type HostConfigOptions } from './host-config';
export { type Identity, peekIdentity } from './identity-table';
export { namedRunner } from './named-runner';
export { resolveClusterOptions } from './resolve-cluster-options';
export type { ResolvedClusterOptions, ResolvedShard } from './resolved-options';
export { type CallContext, runWithin } from './run-within';
export { isLimited, mergeScatter, type ScatterBudget } from './scatter-budget';
export { separateSource } from './separate-source';
export { type Shard, ShardHandle } from './shard';
export { type AdaptRunner, DirectAccess, type FreeAccess, type ShardAccess } from './shard-access';
export type { ShardAddress } from './shard-address';
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
export { cancellerOf, type StatementCanceller } from './statement-canceller';
