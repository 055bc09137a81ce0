export { InjectShardedDataSource, InjectShardedRepository } from './inject.decorators.js';
export { RepositoryOf } from './repository-of.decorator.js';
export { type KeyedRequest, type RequestKey, type ShardContextOptions, shardContext } from './shard-context.interceptor.js';
export {
  type ClusterState,
  type HealthFault,
  ShardingHealthIndicator,
  type ShardingHealthOptions,
  type ShardState,
} from './sharding.health.js';
export { ShardingModule } from './sharding.module.js';
export type {
  AsyncShardingOptions,
  ShardingModuleAsyncOptions,
  ShardingModuleOptions,
  ShardingOptionsFactory,
  ShardingStartOptions,
} from './sharding-module-options.js';
export { type EntityOrRepository, getShardedDataSourceToken, getShardedRepositoryToken } from './tokens.js';
