import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { declareKey } from './declaration';

/** Settings of one property of a shard key. */
export interface ShardKeyOptions {
  /**
   * Place of the property in a key of several; smaller comes first.
   * @defaultValue the order of declaration
   */
  readonly order?: number;
  /**
   * Turns a value into the text by which it routes, for columns that the database compares in a wider sense than byte for byte
   * (for example `(value) => value.toLowerCase()` for a case-insensitive collation). The stored value is not changed.
   */
  readonly normalize?: (value: string) => string;
}

/** Names the entity beside whose rows this entity's rows are stored. */
export type ParentEntity = () => EntityTarget<ObjectLiteral>;

let declarations = 0;

/**
 * Marks the property whose value decides the shard. On several properties of one entity it makes a composite key.
 *
 * `@ShardKey(() => Parent)` marks the property that holds the parent's key: rows are stored beside their parent, in the same group.
 * The property may be a column or an owning relation.
 *
 * Faults of the declaration are reported by `ShardedDataSource.initialize()`.
 */
export function ShardKey(options?: ShardKeyOptions): PropertyDecorator;
export function ShardKey(parent: ParentEntity, options?: ShardKeyOptions): PropertyDecorator;
export function ShardKey(first?: ParentEntity | ShardKeyOptions, second?: ShardKeyOptions): PropertyDecorator {
  const parent = typeof first === 'function' ? first : undefined;
  const options = (typeof first === 'function' ? second : first) ?? {};
  return (prototype, property) => {
    declarations += 1;
    declareKey(prototype.constructor, {
      property: String(property),
      order: options.order ?? declarations,
      ...(options.normalize && { normalize: options.normalize }),
      ...(parent && { parent }),
    });
  };
}
