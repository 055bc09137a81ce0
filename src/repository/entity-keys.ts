import { randomUUID } from 'node:crypto';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import type { ClusterCore, ShardHandle } from '../cluster';
import { RelatedKeyError, ShardKeyChangedError, ShardKeyMissingError, WrongShardError } from '../errors';
import { keyValuesOf, type ShardedEntity } from '../metadata';
import { canonicalText } from '../query';
import { type Scope, scopeOf } from './scope';

/** Finds the shards of entity objects by their keys, before anything is sent. */
export class EntityKeys {
  constructor(
    readonly core: ClusterCore,
    readonly scope: Scope,
  ) {}

  /**
   * Finds the shard of an entity that is to be persisted, and checks the related entities that would be persisted with it.
   * A UUID that would be generated is chosen now and set when the row is inserted.
   *
   * @throws {ShardKeyMissingError} {ShardKeyInvalidError} for a key that cannot route.
   * @throws {ShardKeyChangedError} for an entity that was loaded or saved with another key.
   * @throws {RelatedKeyError} when a related entity of the group has another key.
   */
  shardOf(sharding: ShardedEntity, entity: ObjectLiteral): ShardHandle {
    const values = this.#reserving(sharding, entity);
    const text = canonicalText(sharding, values);
    const stored = this.core.memory.storedKey(entity);
    if (stored !== undefined && stored !== text) throw new ShardKeyChangedError(sharding.metadata.name, pathsOf(sharding));
    if (sharding.metadata.relations.length > 0) this.#checkRelated(sharding, entity, { values, text }, new Set([entity]));
    return this.#owner(sharding, values);
  }

  /** Finds the shard of an object that names a stored row; it is not changed. */
  shardOfStored(sharding: ShardedEntity, entityLike: ObjectLiteral): ShardHandle {
    const values = keyValuesOf(sharding, entityLike);
    refuseMissing(sharding, values);
    return this.#owner(sharding, values);
  }

  /** Finds the shard of values that are inserted as they are; UUIDs that would be generated are filled in. */
  shardOfInsert(sharding: ShardedEntity, entity: ObjectLiteral): ShardHandle {
    for (const key of sharding.key) {
      if (key.isGeneratedUuid && isMissing(key.read(entity))) key.column.setEntityValue(entity, randomUUID());
    }
    const values = keyValuesOf(sharding, entity);
    refuseMissing(sharding, values);
    return this.#owner(sharding, values);
  }

  #owner(sharding: ShardedEntity, values: readonly unknown[]): ShardHandle {
    const owner = this.core.ownerOf(sharding, values);
    const scope = scopeOf(this.scope, sharding, this.core);
    if (scope.kind === 'shard' && scope.shard !== owner) {
      throw new WrongShardError(sharding.metadata.name, owner.name, scope.shard.name);
    }
    return owner;
  }

  #reserving(sharding: ShardedEntity, entity: ObjectLiteral): readonly unknown[] {
    const values = keyValuesOf(sharding, entity);
    if (!values.some(isMissing)) return values;
    const uuids = new Map(this.core.memory.reservedFor(entity));
    const complete = values.map((value, index) => {
      const key = sharding.key[index];
      if (!isMissing(value) || !key?.isGeneratedUuid) return value;
      const uuid = uuids.get(key.path) ?? randomUUID();
      uuids.set(key.path, uuid);
      return uuid;
    });
    refuseMissing(sharding, complete);
    this.core.memory.reserve(entity, uuids);
    return complete;
  }

  /**
   * Walks the related entities at hand: those of the group must have the same key, since TypeORM would link them. Those that it
   * would persist by cascades may have none yet, and inherit it.
   */
  #checkRelated(sharding: ShardedEntity, entity: ObjectLiteral, key: KeyOf, seen: Set<ObjectLiteral>): void {
    for (const relation of sharding.metadata.relations) {
      // Rows over a relation that leaves the group have keys of their own.
      if (this.core.model.leaving.has(relation)) continue;
      for (const related of relatedEntities(relation, entity)) {
        if (seen.has(related)) continue;
        seen.add(related);
        this.#checkOne(sharding, relation, related, key, seen);
      }
    }
  }

  #checkOne(from: ShardedEntity, relation: RelationMetadata, related: ObjectLiteral, key: KeyOf, seen: Set<ObjectLiteral>): void {
    const target = relation.inverseEntityMetadata.findInheritanceMetadata(related).target as EntityTarget<ObjectLiteral>;
    const sharding = this.core.shardingOf(target);
    if (sharding.kind !== 'sharded') return;
    const cascades = relation.isCascadeInsert || relation.isCascadeUpdate;
    if (cascades) inheritKey(sharding, relation, related, key.values);
    const values = keyValuesOf(sharding, related);
    const text = values.some(isMissing) ? this.core.memory.storedKey(related) : canonicalText(sharding, values);
    const isStray = text === undefined ? !cascades && writesKey(sharding, relation) : text !== key.text;
    if (isStray) throw new RelatedKeyError(from.metadata.name, relation.propertyPath, sharding.metadata.name);
    if (!cascades) return;
    // A stored row that is named by its id alone would be given this key; its shard refuses that once it has loaded the row.
    this.core.memory.expectKey(related, key.text);
    this.#checkRelated(sharding, related, key, seen);
  }
}

/** Whether saving the relation writes the shard key of rows on its other side, in a property that a row at hand would show. */
function writesKey(sharding: ShardedEntity, relation: RelationMetadata): boolean {
  const written = relation.isOwning ? [] : (relation.inverseRelation?.joinColumns ?? []);
  return sharding.key.some(({ column }) => !column.isVirtual && written.includes(column));
}

interface KeyOf {
  readonly values: readonly unknown[];
  readonly text: string;
}

/**
 * Gives a related entity the key of the one it is saved with. TypeORM itself does so only for the direct children of a one-to-many
 * relation whose inverse side is the key, and not where that side is lazy; a key that is no property of its own is left to it.
 */
function inheritKey(sharding: ShardedEntity, relation: RelationMetadata, related: ObjectLiteral, values: readonly unknown[]): void {
  const filledByTypeorm = relation.inverseRelation?.joinColumns ?? [];
  for (const [index, key] of sharding.key.entries()) {
    const isLeft = key.column.isVirtual && filledByTypeorm.includes(key.column);
    if (!isLeft && isMissing(key.read(related))) key.column.setEntityValue(related, values[index]);
  }
}

function relatedEntities(relation: RelationMetadata, entity: ObjectLiteral): readonly ObjectLiteral[] {
  const value: unknown = relation.getEntityValue(entity);
  if (value instanceof Promise) return [];
  return [value].flat().filter((each): each is ObjectLiteral => typeof each === 'object' && each !== null);
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

function refuseMissing(sharding: ShardedEntity, values: readonly unknown[]): void {
  const missing = sharding.key.filter((_, index) => isMissing(values[index])).map(({ path }) => path);
  if (missing.length > 0) throw new ShardKeyMissingError(sharding.metadata.name, missing);
}

function pathsOf(sharding: ShardedEntity): readonly string[] {
  return sharding.key.map(({ path }) => path);
}
