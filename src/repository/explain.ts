import type { EntityTarget, FindManyOptions, ObjectLiteral } from 'typeorm';
import { cloneOptions } from '../query';
import type { CallRouter } from './call-router';

/** Where a find would go, why, and what it would send. */
export interface RouteExplanation {
  /** `one` shard, `some` that are proved, `all` because nothing is proved, or `none` because the conditions exclude each other. */
  readonly route: 'one' | 'some' | 'all' | 'none';
  readonly shards: readonly string[];
  /** For people; it never holds a key's value. */
  readonly reason: string;
  /** The statement of each shard, with placeholders for the values. */
  readonly statements: readonly { readonly shard: string; readonly sql: string }[];
}

/** Explains a find without sending anything; shards that are opened on request are opened. */
export async function explain(
  router: CallRouter,
  target: EntityTarget<ObjectLiteral>,
  options: FindManyOptions<ObjectLiteral>,
): Promise<RouteExplanation> {
  const { sharding, route, shards, reason } = router.read(target, { kind: 'where', where: options.where as ObjectLiteral | undefined });
  const statements = shards.map(async (shard) => {
    const { manager } = await shard.open();
    const sql = manager
      .createQueryBuilder(sharding.metadata.target, sharding.metadata.name)
      .setFindOptions(cloneOptions(options))
      .getQuery();
    return { shard: shard.name, sql };
  });
  return { route, shards: shards.map(({ name }) => name), reason, statements: await Promise.all(statements) };
}
