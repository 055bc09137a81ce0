import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { ActiveContext, ClusterCore, ShardHandle } from '../cluster';
import type { EntitySharding } from '../metadata';
import type { ShardKeyValue } from '../routing';

/**
 * How a manager or repository finds the shards of its calls.
 *
 * * `proved`: by what each call says of the shard key; inside of `within()`, what proves none goes to the shard of the context's key
 * * `across`: every shard, because the caller said so
 * * `key`: the shard that owns the key, at the time of each call
 * * `shard`: the one named; `strict` refuses calls that prove another one
 */
export type Scope =
  | { readonly kind: 'proved'; readonly pin?: ActiveContext['pin'] }
  | { readonly kind: 'across' }
  | { readonly kind: 'key'; readonly target: EntityTarget<ObjectLiteral>; readonly key: ShardKeyValue }
  | { readonly kind: 'shard'; readonly shard: ShardHandle; readonly strict: boolean; readonly reason: string };

export const PROVED: Scope = Object.freeze({ kind: 'proved' });
export const ACROSS: Scope = Object.freeze({ kind: 'across' });

/** The scope of calls that the caller binds to a shard. @param strict - refuses calls that prove another one. */
export function onShard(shard: ShardHandle, strict: boolean): Scope {
  return { kind: 'shard', shard, strict, reason: `Shard ${shard.name} is named by the caller.` };
}

/** A scope as one core has it: keys are on the shard that owns them by its topology. */
export function resolveScope(scope: Scope, core: ClusterCore): Exclude<Scope, { readonly kind: 'key' }> {
  return scope.kind === 'key' ? (onShard(core.ownerOfKey(scope.target, scope.key), true) as Exclude<Scope, { kind: 'key' }>) : scope;
}

/** The scope of calls made in a context: what the caller names is nearer than the context's key. */
export function scopeWithin(scope: Scope, { pin }: ActiveContext): Scope {
  return scope.kind === 'proved' && pin ? { kind: 'proved', pin } : scope;
}

/** The scope of calls on one entity: the key of a context concerns the entities of its group alone. */
export function scopeOf(scope: Scope, sharding: EntitySharding, core: ClusterCore): Exclude<Scope, { readonly kind: 'key' }> {
  const own = resolveScope(scope, core);
  if (own.kind !== 'proved' || !own.pin) return own;
  const { group, position } = own.pin;
  if (sharding.kind !== 'sharded' || sharding.group.name !== group) return own;
  const shard = core.shard(core.tableOf(sharding).ownerOf(position));
  return { kind: 'shard', shard, strict: true, reason: `Shard ${shard.name} is that of the key given by within().` };
}
