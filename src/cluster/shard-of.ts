import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { ShardDataSource } from './shard-data-source';

/**
 * The name of the shard that a data source, entity manager or query runner belongs to, for subscribers: `shardOf(event.dataSource)`.
 *
 * @returns undefined for a cluster's own and for those of ordinary data sources.
 */
export function shardOf(source: DataSource | EntityManager | QueryRunner): string | undefined {
  const dataSource = source instanceof DataSource ? source : source.dataSource;
  return dataSource instanceof ShardDataSource ? dataSource.context.shard : undefined;
}
