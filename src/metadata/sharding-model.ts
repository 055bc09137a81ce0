import type { EntityMetadata, EntitySchema, EntityTarget, ObjectLiteral } from 'typeorm';
import { scatterFaults } from '../options';
import type { KeyPart, Placement } from '../routing';
import { type Declaring, declaredEntity, declaredKeys, type EntityDeclaration, type ShardKeyDeclaration } from './declaration';
import { generatedKeyFaults, relationFaults, treeFaults } from './entity-faults';
import type { EntitySharding, ShardedEntity, ShardingGroup } from './entity-sharding';
import { junctionFaults, junctionSharding } from './junction';
import { comparesLoosely, KeyColumn, keyTypeOf, roundsTime } from './key-column';
import { LeavingRelations } from './leaving-relations';

/** What the whole set of entities says about sharding, or what is wrong with it. */
export interface ShardingModel {
  readonly entities: ReadonlyMap<EntityMetadata, EntitySharding>;
  readonly groups: readonly ShardingGroup[];
  readonly leaving: LeavingRelations;
  /** One sentence for each fault; empty when the model can be used. */
  readonly faults: readonly string[];
}

/** What the model needs to know besides the entities. */
export interface ModelContext {
  /** The schemas among the entities; declarations are attached to them. */
  readonly schemas: readonly EntitySchema<ObjectLiteral>[];
  readonly placement: Placement;
  /** Names of the shards; undefined when they do not matter. */
  readonly shardNames?: readonly string[];
}

/** Builds the sharding model from TypeORM's metadata and the declarations on the entities. It throws nothing: faults are listed. */
export function buildShardingModel(metadatas: readonly EntityMetadata[], context: ModelContext): ShardingModel {
  const builder = new ModelBuilder(metadatas, context);
  return builder.build();
}

class ModelBuilder {
  readonly #entities = new Map<EntityMetadata, EntitySharding>();
  readonly #groups = new Map<string, ShardingGroup>();
  readonly #faults: string[] = [];

  constructor(
    readonly metadatas: readonly EntityMetadata[],
    readonly context: ModelContext,
  ) {}

  build(): ShardingModel {
    const ordinary = this.metadatas.filter((metadata) => !isGeneratedTable(metadata));
    for (const metadata of ordinary) this.#resolve(metadata, []);
    for (const metadata of this.metadatas.filter(isGeneratedTable)) this.#addJunction(metadata);
    const leaving = new LeavingRelations(this.#entities);
    for (const sharding of this.#entities.values()) {
      this.#faults.push(...relationFaults(sharding, leaving), ...treeFaults(sharding), ...generatedKeyFaults(sharding));
    }
    return { entities: this.#entities, groups: [...this.#groups.values()], leaving, faults: [...new Set(this.#faults)] };
  }

  #resolve(metadata: EntityMetadata, children: readonly EntityMetadata[]): EntitySharding | undefined {
    const known = this.#entities.get(metadata);
    if (known) return known;
    const sharding = this.#understand(metadata, children);
    if (sharding) this.#entities.set(metadata, sharding);
    return sharding;
  }

  #understand(metadata: EntityMetadata, children: readonly EntityMetadata[]): EntitySharding | undefined {
    const keys = keysOf(metadata, this.#declaring(metadata));
    const entity = this.#entityDeclaration(metadata);
    const said = [
      keys.length > 0 || entity.sharded ? '@ShardKey' : '',
      entity.reference ? '@ReferenceTable' : '',
      entity.unsharded ? '@Unsharded' : '',
    ];
    const kinds = said.filter(Boolean);
    if (kinds.length > 1) return this.#fault(`${metadata.name} is declared ${kinds.join(' and ')}; it can be only one of them.`);
    if (entity.reference) return { kind: 'reference', metadata };
    if (entity.unsharded) return this.#unsharded(metadata, entity.unsharded.shard);
    if (keys.length === 0) {
      return this.#fault(
        `${metadata.name} has no shard key. Mark the property with @ShardKey(), or the entity with @ReferenceTable() or @Unsharded({ shard }).`,
      );
    }
    return this.#sharded(metadata, keys, entity, children);
  }

  #unsharded(metadata: EntityMetadata, shard: string): EntitySharding | undefined {
    const { shardNames } = this.context;
    if (shardNames && !shardNames.includes(shard)) {
      return this.#fault(`${metadata.name} is unsharded on "${shard}", which is not a shard. There are: ${shardNames.join(', ')}.`);
    }
    return { kind: 'unsharded', metadata, shard };
  }

  #sharded(
    metadata: EntityMetadata,
    keys: readonly ShardKeyDeclaration[],
    declaration: EntityDeclaration,
    children: readonly EntityMetadata[],
  ): ShardedEntity | undefined {
    const parentOf = keys.find(({ parent }) => parent)?.parent;
    const parent = parentOf ? this.#parent(metadata, parentOf(), [...children, metadata]) : undefined;
    // Rows that are stored beside their parent must route as it does, and so by its normalizer.
    const columns = keys.map((key, index) => this.#keyColumn(metadata, key, parent?.key[index]?.part));
    if ((parentOf && !parent) || columns.some((column) => !column)) return undefined;
    const key = columns as readonly KeyColumn[];
    const group = parent ? this.#sharedGroup(metadata, parent, key, declaration) : this.#rootGroup(metadata, declaration);
    this.#checkOrdered(metadata, key, group);
    const scatter = declaration.sharded?.scatter;
    this.#faults.push(...scatterFaults(scatter, `${metadata.name}: @Sharded({ scatter })`));
    return { kind: 'sharded', metadata, group, key, ...(parent && { parent: parent.metadata.name }), ...(scatter && { scatter }) };
  }

  #keyColumn(metadata: EntityMetadata, declared: ShardKeyDeclaration, parent: KeyPart | undefined): KeyColumn | undefined {
    const key = { ...(parent?.normalize && { normalize: parent.normalize }), ...declared };
    const column = metadata.findColumnWithPropertyPath(key.property);
    const where = `${metadata.name}.${key.property}`;
    if (!column) return this.#fault(`${where} is marked @ShardKey() but is not a column.`);
    const type = keyTypeOf(column, parent?.type);
    if (!type) return this.#fault(`${where} is of a type that cannot route. Use an integer, a string or a UUID column.`);
    if (comparesLoosely(column) && !key.normalize) {
      return this.#fault(
        `${where} is compared by the database without regard to case or accents (${column.collation ?? 'citext'}), so equal keys could lead to ` +
          'different shards. Use a binary collation, or give @ShardKey({ normalize }).',
      );
    }
    if (type === 'date' && roundsTime(column)) {
      return this.#fault(
        `${where} keeps less than milliseconds, so a stored key would be another than the one given. Declare { precision: 3 } or more.`,
      );
    }
    return new KeyColumn(column, type, key);
  }

  #parent(metadata: EntityMetadata, target: EntityTarget<ObjectLiteral>, children: readonly EntityMetadata[]): ShardedEntity | undefined {
    const found = this.metadatas.find((candidate) => isTarget(candidate, target));
    if (!found) return this.#fault(`${metadata.name} is stored beside ${nameOf(target)}, which is not among the entities.`);
    if (children.includes(found))
      return this.#fault(`${metadata.name} and ${found.name} are stored beside each other in a circle; one must be the root.`);
    const sharding = this.#resolve(found, children);
    if (!sharding) return undefined;
    if (sharding.kind !== 'sharded') return this.#fault(`${metadata.name} is stored beside ${found.name}, which has no shard key.`);
    return sharding;
  }

  #sharedGroup(metadata: EntityMetadata, parent: ShardedEntity, key: readonly KeyColumn[], declaration: EntityDeclaration): ShardingGroup {
    const own = declaration.sharded;
    if (own?.placement || (own?.group !== undefined && own.group !== parent.group.name)) {
      this.#fault(
        `${metadata.name} is stored beside ${parent.metadata.name} and so has its group and placement; remove them from @Sharded().`,
      );
    }
    const types = (columns: readonly KeyColumn[]) => columns.map(({ part }) => part.type).join(', ');
    if (types(key) !== types(parent.key)) {
      this.#fault(
        `The shard key of ${metadata.name} (${types(key)}) differs in type from that of ${parent.metadata.name} (${types(parent.key)}).`,
      );
    }
    return parent.group;
  }

  #rootGroup(metadata: EntityMetadata, declaration: EntityDeclaration): ShardingGroup {
    const name = rootGroupName(metadata, declaration);
    const known = this.#groups.get(name);
    if (known) return known;
    const group = { name, placement: this.#groupPlacement(name) };
    this.#groups.set(name, group);
    return group;
  }

  /** Any entity of a group may give its placement, whichever stands first. */
  #groupPlacement(name: string): Placement {
    const given = new Set<Placement>();
    for (const metadata of this.metadatas) {
      const declaration = this.#entityDeclaration(metadata);
      const placement = declaration.sharded?.placement;
      if (placement && rootGroupName(metadata, declaration) === name) given.add(placement);
    }
    if (given.size > 1) this.#fault(`Group ${name} is given several placements; give it to one entity of the group.`);
    const [placement = this.context.placement] = given;
    return placement;
  }

  #checkOrdered(metadata: EntityMetadata, key: readonly KeyColumn[], group: ShardingGroup): void {
    const ordered = group.placement.positions === 'key';
    if (ordered && (key.length !== 1 || !['integer', 'date'].includes(key[0]?.part.type ?? ''))) {
      this.#fault(`${metadata.name} is placed by ${group.placement.kind}, which needs exactly one integer or date as shard key.`);
    }
    if (!ordered && key.some(({ part }) => part.type === 'date')) {
      this.#fault(`${metadata.name} has a date as shard key, which only ranges() can place.`);
    }
  }

  #addJunction(metadata: EntityMetadata): void {
    const sharding = junctionSharding(metadata, this.#entities);
    if (sharding) this.#entities.set(metadata, sharding);
    else this.#faults.push(...junctionFaults(metadata, this.#entities));
  }

  #declaring(metadata: EntityMetadata): Declaring | undefined {
    const { target } = metadata;
    const schema = this.context.schemas.find(({ options }) => (options.target ?? options.name) === target);
    return schema ?? (typeof target === 'function' ? target : undefined);
  }

  #entityDeclaration(metadata: EntityMetadata): EntityDeclaration {
    const declaring = this.#declaring(metadata);
    const own = declaring ? declaredEntity(declaring) : {};
    return { ...(typeof metadata.target === 'function' ? declaredEntity(metadata.target) : {}), ...own };
  }

  #fault(sentence: string): undefined {
    this.#faults.push(sentence);
    return undefined;
  }
}

function isGeneratedTable(metadata: EntityMetadata): boolean {
  return metadata.isJunction || metadata.tableType === 'closure-junction';
}

function rootGroupName(metadata: EntityMetadata, { sharded }: EntityDeclaration): string {
  return sharded?.group ?? metadata.parentEntityMetadata?.name ?? metadata.name;
}

function isTarget(metadata: EntityMetadata, target: EntityTarget<ObjectLiteral>): boolean {
  const wanted = typeof target === 'object' && 'options' in target ? (target.options.target ?? target.options.name) : target;
  return metadata.target === wanted || metadata.name === wanted;
}

function nameOf(target: EntityTarget<ObjectLiteral>): string {
  if (typeof target === 'function') return target.name;
  return typeof target === 'string' ? target : 'an entity';
}

function keysOf(metadata: EntityMetadata, declaring: Declaring | undefined): readonly ShardKeyDeclaration[] {
  const own = declaring ? declaredKeys(declaring) : [];
  const ofClass = own.length === 0 && typeof metadata.target === 'function' ? declaredKeys(metadata.target) : own;
  const embedded = metadata.allEmbeddeds.flatMap((part) =>
    typeof part.type === 'function'
      ? declaredKeys(part.type).map((key) => ({ ...key, property: `${part.propertyPath}.${key.property}` }))
      : [],
  );
  return [...ofClass, ...embedded].sort((a, b) => a.order - b.order);
}
