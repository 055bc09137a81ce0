import type { EntityTarget, FindManyOptions, ObjectLiteral } from 'typeorm';
import type { ScatterOptions } from '../options';
import { explainSelect } from '../scatter';
import type { CallRoute, CallRouter } from './call-router';
import { findRecipe } from './find-recipe';
import { RelatedReads } from './relations/related-reads';
import { scatterRefusal } from './scatter-check';

/** Where a find would go, why, and what it would send. */
export interface RouteExplanation {
  /** `one` shard, `some` that are proved, `all` because nothing is proved, or `none` because the conditions exclude each other. */
  readonly route: 'one' | 'some' | 'all' | 'none';
  /** Names of the shards that would be asked. */
  readonly shards: readonly string[];
  /** For people; it never holds a key's value. */
  readonly reason: string;
  /** How the answers of several shards become one, for people; empty for one shard. */
  readonly steps: readonly string[];
  /** The first statement of each shard, with placeholders for the values. */
  readonly statements: readonly { readonly shard: string; readonly sql: string }[];
  /** What the call may cost, when it goes to several shards outside of a transaction. */
  readonly budget?: ScatterOptions;
  /** Why the call would be refused before the first statement; undefined when it would be made. */
  readonly refusal?: string;
}

/**
 * Explains a find without running it. Shards that are opened on request are opened, and for an order over several shards the
 * databases may be asked once how its columns are declared.
 */
export async function explain(
  router: CallRouter,
  target: EntityTarget<ObjectLiteral>,
  options: FindManyOptions<ObjectLiteral>,
): Promise<RouteExplanation> {
  const route = router.read(target, { kind: 'where', where: options.where as ObjectLiteral | undefined });
  const { sharding, shards, reason } = route;
  // Relations that leave the group are loaded by finds of their own, whose keys are known only then.
  const own = new RelatedReads(() => router).plan('explain', target, options)?.options ?? options;
  const recipe = findRecipe(router, route, own);
  // Never a transaction's, which the first shard asked would pin.
  const { access } = router.core;
  const shown = { route: route.route, shards: shards.map(({ name }) => name), reason, ...costs(router, route) };
  if (shards.length > 1) return { ...shown, ...(await explainSelect({ operation: 'find', sharding, shards, access, recipe })) };
  const statements = shards.map(async (shard) => ({ shard: shard.name, sql: recipe((await shard.open()).manager).getQuery() }));
  return { ...shown, steps: [], statements: await Promise.all(statements) };
}

function costs(router: CallRouter, called: CallRoute): Pick<RouteExplanation, 'budget' | 'refusal'> {
  if (called.shards.length < 2 || !router.isFree) return {};
  const budget = router.budgetOf(called.sharding);
  const refusal = scatterRefusal('find', called, budget)?.message;
  const { signal: _signal, ...options } = budget;
  return { budget: { concurrency: router.core.options.concurrency, ...options }, ...(refusal !== undefined && { refusal }) };
}
