import type { ActiveContext, ShardHandle } from '../cluster';
import type { EntitySharding } from '../metadata';

/**
 * How a manager or repository finds the shards of its calls.
 *
 * * `proved`: by what each call says of the shard key; inside of `within()`, what proves none goes to the shard of the context's key
 * * `across`: every shard, because the caller said so
 * * `shard`: the one named; `strict` refuses calls that prove another one
 */
export type Scope =
  | { readonly kind: 'proved'; readonly pin?: ActiveContext['pin'] }
  | { readonly kind: 'across' }
  | { readonly kind: 'shard'; readonly shard: ShardHandle; readonly strict: boolean; readonly reason: string };

export const PROVED: Scope = Object.freeze({ kind: 'proved' });
export const ACROSS: Scope = Object.freeze({ kind: 'across' });

/** The scope of calls that the caller binds to a shard. @param strict - refuses calls that prove another one. */
export function onShard(shard: ShardHandle, strict: boolean): Scope {
  return { kind: 'shard', shard, strict, reason: `Shard ${shard.name} is named by the caller.` };
}

/** The scope of calls made in a context: what the caller names is nearer than the context's key. */
export function scopeWithin(scope: Scope, { pin }: ActiveContext): Scope {
  return scope.kind === 'proved' && pin ? { kind: 'proved', pin } : scope;
}

/** The scope of calls on one entity: the key of a context concerns the entities of its group alone. */
export function scopeOf(scope: Scope, sharding: EntitySharding): Scope {
  if (scope.kind !== 'proved' || !scope.pin) return scope;
  const { group, shard } = scope.pin;
  if (sharding.kind !== 'sharded' || sharding.group.name !== group) return scope;
  return { kind: 'shard', shard, strict: true, reason: `Shard ${shard.name} is that of the key given by within().` };
}
