import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ShardAccess, ShardHandle } from '../cluster';
import type { EntitySharding } from '../metadata';

/**
 * Makes the select builder of one shard. It is called anew for each statement, so that nothing that TypeORM writes into a builder or
 * into find options is seen by another shard.
 */
export type Recipe = (manager: EntityManager) => SelectQueryBuilder<ObjectLiteral>;

/** A read that several shards answer together. */
export interface ScatterCall {
  /** The call as users know it, for errors: `find`, `getMany`. */
  readonly operation: string;
  readonly sharding: EntitySharding;
  /** At least two. */
  readonly shards: readonly ShardHandle[];
  /** Runs statements within the budget of the call. */
  readonly access: ShardAccess;
  readonly recipe: Recipe;
}
