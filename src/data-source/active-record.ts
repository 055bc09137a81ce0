import { BaseEntity, type DataSource, type EntityMetadata } from 'typeorm';
import { ShardDataSource } from '../cluster';

type ActiveRecord = typeof BaseEntity;

/**
 * Makes active-record classes (`BaseEntity`) go through the cluster. Each shard's data source takes the class for itself when it
 * builds its metadata; this maps a shard to its cluster at that very moment, so that no call can see the shard in between.
 * An ordinary data source that takes the class later gets it, as TypeORM does.
 */
export function bindActiveRecords(cluster: DataSource, metadatas: readonly EntityMetadata[]): void {
  for (const { target } of metadatas) {
    if (typeof target !== 'function' || !isActiveRecord(target)) continue;
    if (!Object.hasOwn(target, BOUND)) redirect(target);
    target.useDataSource(cluster);
  }
}

const BOUND = Symbol.for('typeorm-sharding:bound');

function redirect(entity: ActiveRecord): void {
  const { useDataSource } = entity;
  Object.defineProperty(entity, BOUND, { value: true });
  Object.defineProperty(entity, 'useDataSource', {
    configurable: true,
    writable: true,
    value(this: ActiveRecord, dataSource: DataSource | null): void {
      useDataSource.call(this, dataSource instanceof ShardDataSource ? dataSource.context.cluster : dataSource);
    },
  });
}

// biome-ignore lint/complexity/noBannedTypes: TypeORM's targets are functions
function isActiveRecord(target: Function): target is ActiveRecord {
  return target.prototype instanceof BaseEntity;
}
