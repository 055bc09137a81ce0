import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral, QueryRunner, SelectQueryBuilder } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { ClusterCore, ShardAccess } from '../cluster';
import { guarded, type LiveTopology } from '../live';
import { keyValuesOf } from '../metadata';
import { LazyBatches } from '../repository';

/**
 * Makes lazy relations of entities load from the shard that owns the entity, and those that leave its group from all shards. TypeORM puts one accessor on the class, which belongs
 * to the data source that was built last.
 */
export function routeLazyRelations(cluster: DataSource, live: () => LiveTopology): void {
  const loader = cluster.relationLoader;
  const batches = new LazyBatches(live);
  loader.load = (relation, entityOrEntities, queryRunner, queryBuilder, eager) => {
    const entities = [entityOrEntities].flat() as ObjectLiteral[];
    if (live().core.model.leaving.has(relation)) return batches.load(relation, entities, queryRunner);
    const [entity] = entities;
    if (!entity) return Promise.resolve([]);
    const loading = { entityOrEntities, entity, queryRunner, queryBuilder, eager };
    const isInTransaction = queryRunner?.isTransactionActive && !queryRunner.isReleased;
    if (isInTransaction) return loadFrom(live().core, live().core.access, { relation, ...loading });
    return guarded(live(), { operation: 'find', kind: 'read' }, (core, access) => loadFrom(core, access, { relation, ...loading }));
  };
}

/** Puts the cluster's accessors back on the classes, after a shard's data source has put its own there. */
export function enableLazyRelations(cluster: DataSource, metadatas: readonly EntityMetadata[]): void {
  for (const { target, lazyRelations } of metadatas) {
    if (typeof target !== 'function') continue;
    for (const relation of lazyRelations) cluster.relationLoader.enableLazyLoad(relation, target.prototype);
  }
}

interface Loading {
  readonly relation: RelationMetadata;
  readonly entityOrEntities: ObjectLiteral | ObjectLiteral[];
  readonly entity: ObjectLiteral;
  readonly queryRunner: QueryRunner | undefined;
  readonly queryBuilder: SelectQueryBuilder<ObjectLiteral> | undefined;
  readonly eager: boolean | undefined;
}

function loadFrom(core: ClusterCore, access: ShardAccess, loading: Loading): Promise<ObjectLiteral[]> {
  const { relation } = loading;
  const target = relation.entityMetadata.target as EntityTarget<ObjectLiteral>;
  const sharding = core.shardingOf(target);
  const shard =
    sharding.kind === 'sharded'
      ? core.ownerOf(sharding, keyValuesOf(sharding, loading.entity))
      : sharding.kind === 'unsharded'
        ? core.shard(sharding.shard)
        : [...core.shards.values()][0];
  if (!shard) return Promise.resolve([]);
  return access.run(shard, ({ dataSource, queryRunner }) => {
    const own = dataSource.getMetadata(target).findRelationWithPropertyPath(relation.propertyPath) as RelationMetadata;
    return dataSource.relationLoader.load(
      own,
      loading.entityOrEntities,
      loading.queryRunner ?? queryRunner,
      loading.queryBuilder,
      loading.eager,
    );
  });
}
