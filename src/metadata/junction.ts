import type { EntityMetadata } from 'typeorm';
import type { EntitySharding, ShardedEntity } from './entity-sharding';
import { KeyColumn } from './key-column';

type Entities = ReadonlyMap<EntityMetadata, EntitySharding>;

/** The side of a many-to-many relation that has `@JoinTable()`, or the other one. */
export type Side = 'owner' | 'inverse';

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

/** Beside which of the joined entities a junction is stored; undefined for one of two reference tables, which is everywhere. */
export function junctionSide(junction: EntitySharding, entities: Entities): Side | undefined {
  const { metadata } = junction;
  if (junction.kind === 'reference') return undefined;
  if (junction.kind === 'sharded')
    return metadata.ownerColumns.some(({ databaseName }) => isKey(junction, databaseName)) ? 'owner' : 'inverse';
  const owner = relationOf(metadata)?.entityMetadata;
  const isOwner = owner && entities.get(owner)?.kind === 'unsharded';
  return isOwner ? 'owner' : 'inverse';
}

/** Whether a row can be linked by a many-to-many relation with rows of other shards. */
export function linkLeaves(from: EntitySharding, to: EntitySharding): boolean {
  if (to.kind === 'reference') return false;
  if (from.kind === 'unsharded' && to.kind === 'unsharded') return from.shard !== to.shard;
  if (from.kind !== 'sharded' || to.kind !== 'sharded') return true;
  return from.group !== to.group || [from, to].some(standsAlone);
}

/** Whether each row of an entity has a shard key of its own, so that other rows of its group are on any shard. */
function standsAlone({ key, metadata }: ShardedEntity): boolean {
  return metadata.primaryColumns.every((primary) => key.some(({ column }) => column === primary));
}

function isKey(junction: ShardedEntity, databaseName: string): boolean {
  return junction.key.some((key) => key.databaseName === databaseName);
}

function joinedEntities(metadata: EntityMetadata, entities: Entities): readonly EntitySharding[] {
  const relation = relationOf(metadata);
  // By the relation rather than by foreign keys, which it can be told to go without.
  const joined = relation
    ? [relation.entityMetadata, relation.inverseEntityMetadata]
    : metadata.foreignKeys.map(({ referencedEntityMetadata }) => referencedEntityMetadata);
  return joined.map((each) => entities.get(each)).filter((sharding) => sharding !== undefined);
}

function relationOf(junction: EntityMetadata) {
  return junction.isJunction ? junction.ownerColumns[0]?.relationMetadata : undefined;
}

function keyColumnIn(metadata: EntityMetadata, owner: ShardedEntity, key: KeyColumn): KeyColumn | undefined {
  const column = metadata.columns.find(
    ({ referencedColumn }) => referencedColumn?.entityMetadata === owner.metadata && referencedColumn.propertyPath === key.path,
  );
  return column && new KeyColumn(column, key.part.type, key.part);
}
