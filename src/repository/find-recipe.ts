import type { EntityManager, FindManyOptions, ObjectLiteral } from 'typeorm';
import { ShardDataSource } from '../cluster';
import { masked } from '../live';
import { cloneOptions, type Where } from '../query';
import type { Recipe } from '../scatter';
import type { CallRoute, CallRouter } from './call-router';

/** Makes each shard's builder of find options, with operators of its own and only what concerns the shard. */
export function findRecipe(router: CallRouter, route: CallRoute, options: FindManyOptions<ObjectLiteral>): Recipe {
  const { name, target } = route.sharding.metadata;
  const whereOn = splitter(router, route, options.where as Where);
  return (manager) => {
    const own = whereOn ? { ...options, where: whereOn(shardOf(manager)) as NonNullable<typeof options.where> } : options;
    return masked(router.core, route.sharding, manager.createQueryBuilder(target, name)).setFindOptions(cloneOptions(own));
  };
}

/** What concerns a shard of conditions, when they prove several; undefined when all shards get the same. */
export function splitter({ core }: CallRouter, { route, sharding }: CallRoute, where: Where): ((shard: string) => Where) | undefined {
  return route === 'some' && sharding.kind === 'sharded' ? core.split(sharding, where) : undefined;
}

function shardOf({ dataSource }: EntityManager): string {
  return dataSource instanceof ShardDataSource ? dataSource.context.shard : '';
}
