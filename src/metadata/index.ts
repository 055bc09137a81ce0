export { declareSharding, type ShardingDeclaration } from './declare-sharding';
export { type DescribeOptions, describeSharding, descriptionOf, type ShardingDescription, schemasAmong } from './describe-sharding';
export { ReferenceTable, Sharded, type ShardedOptions, Unsharded } from './entity-decorators';
export {
  type EntitySharding,
  hasPositionColumn,
  keyValuesOf,
  type ReferenceEntity,
  type ShardedEntity,
  type ShardingGroup,
  spreadKey,
  type UnshardedEntity,
} from './entity-sharding';
export { collationPads, isMysql, isSqlite, KeyColumn, storedValue } from './key-column';
export { LeavingRelations } from './leaving-relations';
export { type ParentEntity, ShardKey, type ShardKeyOptions } from './shard-key.decorator';
export { buildShardingModel, type ShardingModel } from './sharding-model';
