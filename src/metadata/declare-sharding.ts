import { type Declaring, declareEntity, declareKey } from './declaration';
import type { ShardedOptions } from './entity-decorators';
import type { ParentEntity, ShardKeyOptions } from './shard-key.decorator';

/** What the decorators say, for entities that are defined without them. Exactly one of `key`, `reference` and `unsharded`. */
export interface ShardingDeclaration extends ShardedOptions {
  /** The properties of the shard key, in order. */
  readonly key?: readonly (string | ({ readonly property: string; readonly parent?: ParentEntity } & ShardKeyOptions))[];
  /** Every shard has a full copy, as `@ReferenceTable` says. */
  readonly reference?: true;
  /** All rows are on the one shard named, as `@Unsharded` says. */
  readonly unsharded?: { readonly shard: string };
}

/**
 * Declares the sharding of an `EntitySchema` (or of a class) as the decorators do for classes.
 *
 * @returns The same schema, so that the call can wrap its definition.
 */
export function declareSharding<T extends Declaring>(target: T, declaration: ShardingDeclaration): T {
  for (const [index, key] of (declaration.key ?? []).entries()) {
    const named = typeof key === 'string' ? { property: key } : key;
    declareKey(target, { ...named, order: 'order' in named && named.order !== undefined ? named.order : index });
  }
  const { group, placement, scatter, reference, unsharded } = declaration;
  if (group !== undefined || placement !== undefined || scatter !== undefined) {
    const sharded = { ...(group !== undefined && { group }), ...(placement && { placement }), ...(scatter && { scatter }) };
    declareEntity(target, { sharded });
  }
  if (reference) declareEntity(target, { reference });
  if (unsharded) declareEntity(target, { unsharded });
  return target;
}
