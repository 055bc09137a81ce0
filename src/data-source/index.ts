export { ShardedDataSource, type ShardQueryResult } from './sharded-data-source';
