import 'reflect-metadata';

export {
  type CallContext,
  type ConnectionBudget,
  fromHostConfig,
  type HostConfig,
  type HostConfigOptions,
  type PoolBudget,
  type Shard,
  type ShardAddress,
  type ShardConnectionOptions,
  type ShardExamination,
  type ShardedDataSourceOptions,
  type ShardHealth,
  type ShardingOptions,
  type ShardOptions,
  shardOf,
} from './cluster';
export { ShardedDataSource, type ShardQueryResult } from './data-source';
export * from './errors';
export {
  type DescribeOptions,
  declareSharding,
  describeSharding,
  type ParentEntity,
  ReferenceTable,
  Sharded,
  type ShardedOptions,
  type ShardingDeclaration,
  type ShardingDescription,
  ShardKey,
  type ShardKeyOptions,
  Unsharded,
} from './metadata';
export type { ScatterCallOptions, ScatterOptions } from './options';
export {
  BaseLayout,
  type FindPageOptions,
  type IterateOptions,
  type LayoutClass,
  type LayoutCluster,
  type RouteExplanation,
  type ShardedEntityManager,
  ShardedRepository,
} from './repository';
export {
  type Difference,
  difference,
  type EpochEntry,
  type HashRingOptions,
  hashRing,
  modulo,
  type Placement,
  type PlacementKind,
  type Position,
  type RangeEntry,
  type RingMember,
  RoutingTable,
  type Rule,
  ranges,
  type Segment,
  type ShardKeyPart,
  type ShardKeyValue,
  type ShardName,
} from './routing';
export type { Page } from './scatter';
