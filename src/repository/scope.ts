import type { ShardHandle } from '../cluster';

/**
 * How a manager or repository finds the shards of its calls.
 *
 * * `proved`: by what each call says of the shard key
 * * `across`: every shard, because the caller said so
 * * `shard`: the one named; `strict` refuses calls that prove another one
 */
export type Scope =
  | { readonly kind: 'proved' }
  | { readonly kind: 'across' }
  | { readonly kind: 'shard'; readonly shard: ShardHandle; readonly strict: boolean };

export const PROVED: Scope = Object.freeze({ kind: 'proved' });
export const ACROSS: Scope = Object.freeze({ kind: 'across' });
