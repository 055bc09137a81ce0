import type { EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { LeavingRelations } from '../metadata';

/** Leaving relations as a shard's metadata has them, each with the same relation in the metadata of the cluster. */
export type DetachedRelations = ReadonlyMap<RelationMetadata, RelationMetadata>;

/**
 * Takes the relations that leave their group out of a shard's metadata, as far as TypeORM would look for their rows on this shard.
 *
 * What stays is the join column: entities are still written with it. Foreign keys go, and so do the inverse sides and the links of
 * many-to-many relations, which TypeORM would otherwise read and write here, where the rows are not.
 *
 * @param pairs - the shard's metadata of each entity with that of the cluster; TypeORM builds both in the same order.
 */
export function detachRelations(
  pairs: readonly (readonly [own: EntityMetadata, origin: EntityMetadata])[],
  leaving: LeavingRelations,
): DetachedRelations {
  const detached = new Map<RelationMetadata, RelationMetadata>();
  for (const [own, origin] of pairs) {
    for (const [index, relation] of own.relations.entries()) {
      const counterpart = origin.relations[index];
      if (!counterpart) continue;
      if (relation.isManyToManyOwner) detachLinks(relation, counterpart, leaving);
      if (leaving.has(counterpart)) detached.set(relation, counterpart);
    }
  }
  for (const [own] of pairs) detachFrom(own, detached);
  return detached;
}

function detachFrom(metadata: EntityMetadata, detached: DetachedRelations): void {
  const leaving = metadata.relations.filter((relation) => detached.has(relation));
  if (leaving.length === 0) return;
  const foreignKeys = new Set(leaving.flatMap((relation) => relation.foreignKeys));
  metadata.foreignKeys = metadata.foreignKeys.filter((foreignKey) => !foreignKeys.has(foreignKey));
  metadata.eagerRelations = metadata.eagerRelations.filter((relation) => !detached.has(relation));
  const stays = (relation: RelationMetadata) => !detached.has(relation) || relation.isWithJoinColumn;
  metadata.relations = metadata.relations.filter(stays);
  metadata.ownRelations = metadata.ownRelations.filter(stays);
  metadata.oneToOneRelations = metadata.oneToOneRelations.filter(stays);
  metadata.oneToManyRelations = metadata.oneToManyRelations.filter(stays);
  metadata.manyToManyRelations = metadata.manyToManyRelations.filter(stays);
  metadata.ownerManyToManyRelations = metadata.ownerManyToManyRelations.filter(stays);
}

/** Links refer to the rows beside which they are stored; the rows on the other side may be elsewhere. */
function detachLinks(relation: RelationMetadata, origin: RelationMetadata, leaving: LeavingRelations): void {
  const junction = relation.junctionEntityMetadata;
  const side = leaving.sideOf(origin);
  if (!junction || !side || !leaving.linksLeave(origin)) return;
  const kept = side === 'owner' ? junction.ownerColumns : junction.inverseColumns;
  junction.foreignKeys = junction.foreignKeys.filter(({ columns }) => columns.every((column) => kept.includes(column)));
}
