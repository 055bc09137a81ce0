import type { EntityMetadata } from 'typeorm';
import type { EntitySharding, ShardedEntity } from './entity-sharding';
import { KeyColumn } from './key-column';

type Entities = ReadonlyMap<EntityMetadata, EntitySharding>;

/**
 * Derives how a table that TypeORM generates (the junction of a many-to-many relation, the closure of a tree) is sharded:
 * by those of its columns that hold the shard key of an entity it joins.
 *
 * @returns undefined when no joined primary key contains the shard key.
 */
export function junctionSharding(metadata: EntityMetadata, entities: Entities): EntitySharding | undefined {
  const joined = joinedEntities(metadata, entities);
  for (const owner of joined.filter((sharding) => sharding.kind === 'sharded')) {
    const key = owner.key.map((column) => keyColumnIn(metadata, owner, column));
    if (key.every((column) => column !== undefined)) {
      return { kind: 'sharded', metadata, group: owner.group, parent: owner.metadata.name, key };
    }
  }
  const unsharded = joined.find((sharding) => sharding.kind === 'unsharded');
  if (unsharded) return { ...unsharded, metadata };
  return joined.length > 0 && joined.every(({ kind }) => kind === 'reference') ? { kind: 'reference', metadata } : undefined;
}

/** Says what is missing for {@link junctionSharding}. */
export function junctionFaults(metadata: EntityMetadata, entities: Entities): readonly string[] {
  const names = joinedEntities(metadata, entities).map((sharding) => sharding.metadata.name);
  if (names.length === 0) return [];
  return [
    `The table ${metadata.tableName} that joins ${[...new Set(names)].join(' and ')} would not contain the shard key. ` +
      'Make the shard key part of a joined primary key, or write the joining table as an entity with @ShardKey(() => Parent).',
  ];
}

function joinedEntities(metadata: EntityMetadata, entities: Entities): readonly EntitySharding[] {
  const targets = metadata.foreignKeys.map(({ referencedEntityMetadata }) => entities.get(referencedEntityMetadata));
  return targets.filter((sharding) => sharding !== undefined);
}

function keyColumnIn(metadata: EntityMetadata, owner: ShardedEntity, key: KeyColumn): KeyColumn | undefined {
  const column = metadata.columns.find(
    ({ referencedColumn }) => referencedColumn?.entityMetadata === owner.metadata && referencedColumn.propertyPath === key.path,
  );
  return column && new KeyColumn(column, key.part.type, key.part);
}
