import { type EntityManager, type EntityTarget, type FindManyOptions, type ObjectLiteral, Repository } from 'typeorm';
import { ShardDataSource } from '../cluster';
import { ShardRequiredError } from '../errors';
import type { ShardKeyValue } from '../routing';
import type { RouteExplanation } from './explain';

/**
 * TypeORM's repository over all shards: every call runs on the shard that owns the rows it means.
 *
 * Entity calls go by the entity's shard key, calls with criteria by what these prove of it. What proves nothing is asked of every
 * shard where the answers can simply be put together, and refused where they cannot.
 */
export class ShardedRepository<Entity extends ObjectLiteral> extends Repository<Entity> {
  /**
   * The same repository, every call of which goes to the shard that owns `key`.
   *
   * It names a shard, not rows: the criteria of each call still say which rows are meant.
   * @throws {ShardKeyInvalidError} for a key that cannot route.
   * @throws {NotShardedError} for an entity without a shard key.
   * @throws {WrongShardError} from calls that prove another shard.
   */
  forKey(key: ShardKeyValue): this {
    return this.#clusterManager.forKey(this.target, key).withRepository(this) as this;
  }

  /**
   * The same repository, every call of which goes to the named shard, whatever its criteria say.
   *
   * @throws {UnknownShardError} when no shard has the name.
   * @throws {WrongShardError} from calls that would write an entity that another shard owns.
   */
  onShard(name: string): this {
    return this.#clusterManager.onShard(name).withRepository(this) as this;
  }

  /** The same repository, every call of which goes to all shards; so criteria writes that prove no shard are allowed. */
  acrossShards(): this {
    return this.#clusterManager.acrossShards().withRepository(this) as this;
  }

  /** Says where `find(options)` would go, why, and what it would send, without running it. */
  explain(options: FindManyOptions<Entity> = {}): Promise<RouteExplanation> {
    return this.#clusterManager.explain(this.target, options);
  }

  /** The cluster's manager; also for a repository that was taken to one shard's manager with `withRepository`. */
  get #clusterManager(): ShardedEntityManager {
    if (isSharded(this.manager)) return this.manager;
    const { dataSource } = this.manager;
    const cluster = dataSource instanceof ShardDataSource ? dataSource.context.cluster.manager : undefined;
    if (cluster && isSharded(cluster)) return cluster;
    throw new ShardRequiredError('A ShardedRepository', 'cluster.getRepository(Entity), which knows its shards');
  }
}

/** TypeORM's entity manager over all shards, with the ways to name shards explicitly. */
export interface ShardedEntityManager extends EntityManager {
  getRepository<Entity extends ObjectLiteral>(target: EntityTarget<Entity>): ShardedRepository<Entity>;
  /** A manager whose calls go to the shard that owns `key`; its transactions are pinned to it from the start. */
  forKey<Entity extends ObjectLiteral>(target: EntityTarget<Entity>, key: ShardKeyValue): ShardedEntityManager;
  /** A manager whose calls go to the named shard. */
  onShard(name: string): ShardedEntityManager;
  /** A manager whose calls go to all shards. */
  acrossShards(): ShardedEntityManager;
  /** Says where `find(target, options)` would go, why, and what it would send. */
  explain<Entity extends ObjectLiteral>(target: EntityTarget<Entity>, options?: FindManyOptions<Entity>): Promise<RouteExplanation>;
}

function isSharded(manager: EntityManager): manager is ShardedEntityManager {
  return 'acrossShards' in manager;
}
