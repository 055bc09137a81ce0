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
export {
  type Blocker,
  ConfigurationError,
  ConflictPathsError,
  ControlTablesError,
  CursorInvalidError,
  DatabaseBusyError,
  FenceBlockedError,
  FencePrivilegeError,
  IdentityError,
  LayoutValueError,
  LeaseLostError,
  LeavingRelationError,
  MergeOrderError,
  NotInitializedError,
  NotShardedError,
  PositionUnownedError,
  RelatedKeyError,
  type RelationUse,
  ReshardRefusedError,
  ReshardStoppedError,
  RouteLeaseError,
  ScatterBudgetError,
  type ScatterBudgetFacts,
  ScatterRefusedError,
  ScatterUnsupportedError,
  ShardError,
  type ShardFailure,
  ShardingError,
  ShardKeyChangedError,
  ShardKeyInvalidError,
  ShardKeyMissingError,
  ShardRequiredError,
  ShardsFailedError,
  TopologyChangedError,
  TopologyStoreError,
  TransactionShardError,
  UnknownShardError,
  WrongShardError,
} from './errors';
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
export type { ReshardingOptions, ScatterCallOptions, ScatterOptions } from './options';
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
export type { AuditCounts, AuditedTable, AuditOptions, AuditProgress, AuditReport } from './reshard/audit';
export type { GroupStatus, MoverStatus, ReshardStatus, ReshardStep, StepName } from './reshard/move';
export type { PlanOptions } from './reshard/plan';
export type { ProvisionOptions } from './reshard/provision-cluster';
export type { RebuildReport } from './reshard/rebuild';
export type { ReshardChange } from './reshard/reshard-change';
export type { PlannedBalance, PlannedGroup, PlannedMove, ReshardPlan } from './reshard/reshard-plan';
export type { PairProgress, ReshardProgress, ReshardReport, ReshardRun, ReshardRunOptions, WritePause } from './reshard/reshard-run';
export type { Resharding } from './reshard/resharding';
export type { RowDifference } from './reshard/rows';
export type { VerifiedReference, VerifyFault, VerifyOptions, VerifyReport } from './reshard/verify';
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
export {
  type GroupMove,
  type LiveClient,
  memoryTopology,
  type PlanOrder,
  type PlanPhase,
  type PlanRow,
  type SqlTopologyOptions,
  type StoredTopology,
  type SwapOutcome,
  sqlTopology,
  type TopologyClient,
  type TopologyStore,
} from './topology';
