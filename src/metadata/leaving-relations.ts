import type { EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { EntitySharding } from './entity-sharding';
import { junctionSide, linkLeaves, type Side } from './junction';

type Entities = ReadonlyMap<EntityMetadata, EntitySharding>;

/**
 * The relations whose rows need not be on the shard of the row that has them. They cannot be joined, and no database can hold a
 * foreign key for them; all others are *colocated*.
 */
export class LeavingRelations {
  readonly #relations: ReadonlySet<RelationMetadata>;
  readonly #starts: ReadonlySet<EntityMetadata>;

  constructor(readonly entities: Entities) {
    const relations = [...entities.keys()].flatMap((metadata) => metadata.relations);
    this.#relations = new Set(relations.filter((relation) => leaves(relation, entities)));
    this.#starts = this.#reaching();
  }

  /** Whether there is none, as in most clusters. */
  get isEmpty(): boolean {
    return this.#relations.size === 0;
  }

  /** Whether a relation, as the cluster's own metadata has it, leaves its group. */
  has(relation: RelationMetadata): boolean {
    return this.#relations.has(relation);
  }

  /** The relation under a property path if it leaves its group, so that it can be refused where it would be joined. */
  find(metadata: EntityMetadata, propertyPath: string): RelationMetadata | undefined {
    if (!this.#starts.has(metadata)) return undefined;
    const relation = metadata.findRelationWithPropertyPath(propertyPath);
    return relation && this.has(relation) ? relation : undefined;
  }

  /** Whether a find of the entity can come upon a leaving relation at all, at once or over colocated relations. */
  canReach(metadata: EntityMetadata): boolean {
    return this.#starts.has(metadata);
  }

  /** Beside which side of a many-to-many relation its joining table is stored; undefined when it is stored beside both. */
  sideOf(relation: RelationMetadata): Side | undefined {
    const junction = relation.junctionEntityMetadata && this.entities.get(relation.junctionEntityMetadata);
    return junction && junctionSide(junction, this.entities);
  }

  /** Whether the links of a many-to-many relation are stored beside the rows that have the relation. */
  holdsLinks(relation: RelationMetadata): boolean {
    return relation.isManyToMany && this.sideOf(relation) === (relation.isOwning ? 'owner' : 'inverse');
  }

  /** Whether the links of a many-to-many relation lead from where they are stored to rows of other shards. */
  linksLeave(relation: RelationMetadata): boolean {
    const sides = [relation.entityMetadata, relation.inverseEntityMetadata].map((metadata) => this.entities.get(metadata));
    const [from, to] = this.sideOf(relation) === (relation.isOwning ? 'owner' : 'inverse') ? sides : sides.reverse();
    return from !== undefined && to !== undefined && linkLeaves(from, to);
  }

  #reaching(): ReadonlySet<EntityMetadata> {
    const reaching = new Set([...this.#relations].map(({ entityMetadata }) => entityMetadata));
    for (let before = -1; before !== reaching.size; ) {
      before = reaching.size;
      for (const metadata of this.entities.keys()) {
        const leads = metadata.relations.some((relation) => this.has(relation) || reaching.has(relation.inverseEntityMetadata));
        if (leads) reaching.add(metadata);
      }
    }
    return reaching;
  }
}

function leaves(relation: RelationMetadata, entities: Entities): boolean {
  const from = entities.get(relation.entityMetadata);
  const to = entities.get(relation.inverseEntityMetadata);
  if (!from || !to) return false;
  if (relation.isManyToMany) return linkLeaves(from, to);
  if (relation.isWithJoinColumn) return isApart(from, to) || isStray(from, to, relation);
  const owner = relation.inverseRelation;
  // Rows that refer to a copy of a reference table are on any shard, though each of them has its copy at hand.
  return from.kind === 'reference' ? to.kind !== 'reference' : owner !== undefined && leaves(owner, entities);
}

/** Whether a row that has a join column and the row it refers to can be on different shards, whatever the column is. */
function isApart(from: EntitySharding, to: EntitySharding): boolean {
  if (to.kind === 'reference') return false;
  if (from.kind === 'sharded' && to.kind === 'sharded') return from.group !== to.group;
  return !(from.kind === 'unsharded' && to.kind === 'unsharded' && from.shard === to.shard);
}

/** Inside a group a reference to the other's key must be made by the own key, else it points at rows of any shard. */
function isStray(from: EntitySharding, to: EntitySharding, relation: RelationMetadata): boolean {
  if (from.kind !== 'sharded' || to.kind !== 'sharded') return false;
  return relation.joinColumns.some(({ referencedColumn, databaseName }) => {
    const part = to.key.findIndex(({ column }) => column === referencedColumn);
    return part >= 0 && from.key[part]?.databaseName !== databaseName;
  });
}
