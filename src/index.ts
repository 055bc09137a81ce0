import 'reflect-metadata';

export type {
  ConnectionBudget,
  PoolBudget,
  ScatterOptions,
  Shard,
  ShardConnectionOptions,
  ShardedDataSourceOptions,
  ShardHealth,
  ShardingOptions,
  ShardOptions,
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
export { type RouteExplanation, type ShardedEntityManager, ShardedRepository } from './repository';
export {
  type Difference,
  difference,
  hashRing,
  modulo,
  type Placement,
  type Position,
  ranges,
  type RingMember,
  RoutingTable,
  type Rule,
  type Segment,
  type ShardKeyPart,
  type ShardKeyValue,
  type ShardName,
} from './routing';
