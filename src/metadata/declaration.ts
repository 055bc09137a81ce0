import 'reflect-metadata';
import type { EntitySchema, EntityTarget, ObjectLiteral } from 'typeorm';
import type { ScatterOptions } from '../options';
import type { Placement } from '../routing';

/** What an entity declares of one property of its shard key. */
export interface ShardKeyDeclaration {
  readonly property: string;
  readonly order: number;
  readonly normalize?: (value: string) => string;
  readonly parent?: () => EntityTarget<ObjectLiteral>;
}

/** What an entity declares of its sharding, apart from its key. */
export interface EntityDeclaration {
  readonly sharded?: { readonly group?: string; readonly placement?: Placement; readonly scatter?: ScatterOptions };
  readonly reference?: true;
  readonly unsharded?: { readonly shard: string };
}

/** What carries declarations: an entity class, an embedded class or an entity schema. */
// biome-ignore lint/complexity/noBannedTypes: classes with any constructor, as TypeORM's own types say it
export type Declaring = Function | EntitySchema<never> | EntitySchema<ObjectLiteral>;

const KEYS = Symbol.for('typeorm-sharding:shard-keys');
const ENTITY = Symbol.for('typeorm-sharding:entity');

/** Adds a key property to what `target` itself declares. */
export function declareKey(target: Declaring, key: ShardKeyDeclaration): void {
  const own: readonly ShardKeyDeclaration[] = Reflect.getOwnMetadata(KEYS, target) ?? [];
  Reflect.defineMetadata(KEYS, [...own.filter(({ property }) => property !== key.property), key], target);
}

/** Adds to what `target` itself declares of its sharding. */
export function declareEntity(target: Declaring, declaration: EntityDeclaration): void {
  Reflect.defineMetadata(ENTITY, { ...Reflect.getOwnMetadata(ENTITY, target), ...declaration }, target);
}

/** Reads the key properties of a class and of the classes it extends, the class's own declaration winning, sorted by `order`. */
export function declaredKeys(target: Declaring): readonly ShardKeyDeclaration[] {
  const byProperty = new Map<string, ShardKeyDeclaration>();
  for (const owner of lineage(target).reverse()) {
    const own: readonly ShardKeyDeclaration[] = Reflect.getOwnMetadata(KEYS, owner) ?? [];
    for (const key of own) byProperty.set(key.property, key);
  }
  return [...byProperty.values()].sort((a, b) => a.order - b.order);
}

/** Reads what a class, or the nearest class it extends, declares of its sharding. */
export function declaredEntity(target: Declaring): EntityDeclaration {
  return Reflect.getMetadata(ENTITY, target) ?? {};
}

function lineage(target: Declaring): object[] {
  const owners: object[] = [];
  for (let owner: object | null = target; owner !== null && owner !== Function.prototype && owner !== Object.prototype; ) {
    owners.push(owner);
    owner = Object.getPrototypeOf(owner);
  }
  return owners;
}
