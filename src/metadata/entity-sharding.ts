import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import { ShardKeyInvalidError } from '../errors';
import type { ScatterOptions } from '../options';
import type { Placement, ShardKeyValue } from '../routing';
import type { KeyColumn } from './key-column';

/** The entities that share a shard key and a placement, so that related rows stay together. */
export interface ShardingGroup {
  readonly name: string;
  readonly placement: Placement;
}

/** An entity whose rows are divided among the shards by their shard key. */
export interface ShardedEntity {
  readonly kind: 'sharded';
  readonly metadata: EntityMetadata;
  readonly group: ShardingGroup;
  /** Name of the entity whose rows these are stored beside; undefined for the root of a group. */
  readonly parent?: string;
  readonly key: readonly KeyColumn[];
  /** What the entity itself says of calls to several shards. */
  readonly scatter?: ScatterOptions;
}

/** An entity of which every shard has a full copy. */
export interface ReferenceEntity {
  readonly kind: 'reference';
  readonly metadata: EntityMetadata;
}

/** An entity that lives whole on one shard. */
export interface UnshardedEntity {
  readonly kind: 'unsharded';
  readonly metadata: EntityMetadata;
  readonly shard: string;
}

/** What is known of how one entity is sharded. */
export type EntitySharding = ShardedEntity | ReferenceEntity | UnshardedEntity;

/**
 * Whether rows of the entity carry their position in a column of its own. Ordered placements use the key column instead, views have
 * no rows, and closure tables of trees are filled by TypeORM with statements of its own that know no further column.
 */
export function hasPositionColumn(sharding: EntitySharding): sharding is ShardedEntity {
  if (sharding.kind !== 'sharded' || sharding.group.placement.positions !== 'hash') return false;
  return sharding.metadata.tableType !== 'view' && !sharding.metadata.isClosureJunction;
}

/** Reads the values of an entity's shard key, in the order of the key. */
export function keyValuesOf(sharding: ShardedEntity, entity: ObjectLiteral): unknown[] {
  return sharding.key.map((column) => column.read(entity));
}

/** Spreads a key as callers give it (a value, an array, or an object by property) into stored values in the order of the key. */
export function spreadKey(sharding: ShardedEntity, key: ShardKeyValue): readonly unknown[] {
  const values = givenValues(sharding, key);
  if (values.length !== sharding.key.length) {
    throw new ShardKeyInvalidError(sharding.metadata.name, `the key has ${sharding.key.length} part(s), but ${values.length} were given`);
  }
  return sharding.key.map((column, index) => column.toStored(values[index]));
}

function givenValues(sharding: ShardedEntity, key: ShardKeyValue): readonly unknown[] {
  if (Array.isArray(key)) return key;
  if (typeof key === 'object' && key !== null && !(key instanceof Date)) {
    const named = key as Readonly<Record<string, unknown>>;
    return sharding.key.map(({ path }) => named[path]);
  }
  return [key];
}
