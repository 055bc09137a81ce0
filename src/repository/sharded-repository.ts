import { type EntityManager, type EntityTarget, type FindManyOptions, type ObjectLiteral, Repository } from 'typeorm';
import { ShardDataSource } from '../cluster';
import { ShardRequiredError } from '../errors';
import type { ScatterCallOptions } from '../options';
import type { ShardKeyValue } from '../routing';
import type { Page } from '../scatter';
import type { RouteExplanation } from './explain';
import type { FindPageOptions } from './find-page';
import type { IterateOptions } from './iterate';

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

  /**
   * Reads one page of an ordered list by keyset pagination: `limit` rows that follow or precede the place of a cursor. Rows that come
   * and go elsewhere do not move the page, and a page deep in the list costs no more than the first.
   *
   * Without `order` the list is in the order of the primary key; with one, rows that are equal in it are in the primary key's order.
   * @throws {CursorInvalidError} for a cursor of a query with other conditions or another order, or with a wrong signature.
   * @throws {ConfigurationError} for a `limit` out of range, or `after` and `before` together.
   * @throws {MergeOrderError} when the shards' databases do not order alike.
   */
  findPage(options: FindPageOptions<Entity>): Promise<Page<Entity>> {
    return this.#clusterManager.findPage(this.target, options);
  }

  /**
   * Iterates over what `find(options)` would give, holding at most one page of rows of each shard. With an `order` the shards are
   * merged lazily: a shard's next page is asked for only when the next row may come from it. Without one they are read one after
   * another, and a shard that the consumer does not reach is not asked. `break` ends it; between pages no connection is held.
   *
   * Each page is a statement of its own, so rows that are changed meanwhile are seen as they are when their page is read.
   * @throws {MergeOrderError} when the shards' databases do not order alike.
   */
  iterate(options: IterateOptions<Entity> = {}): AsyncIterableIterator<Entity, void, undefined> {
    return this.#clusterManager.iterate(this.target, options);
  }

  /**
   * The same repository, whose calls to several shards have these limits; what is not given stays as the entity or the cluster says.
   *
   * @throws {ConfigurationError} for options that cannot be.
   */
  withScatter(options: ScatterCallOptions): this {
    return this.#clusterManager.withScatter(options).withRepository(this) as this;
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
  /** One page of an ordered list; see {@link ShardedRepository.findPage}. */
  findPage<Entity extends ObjectLiteral>(target: EntityTarget<Entity>, options: FindPageOptions<Entity>): Promise<Page<Entity>>;
  /** Iterates lazily; see {@link ShardedRepository.iterate}. */
  iterate<Entity extends ObjectLiteral>(
    target: EntityTarget<Entity>,
    options?: IterateOptions<Entity>,
  ): AsyncIterableIterator<Entity, void, undefined>;
  /** A manager whose calls to several shards have these limits. @throws {ConfigurationError} for options that cannot be. */
  withScatter(options: ScatterCallOptions): ShardedEntityManager;
  /** Says where `find(target, options)` would go, why, and what it would send. */
  explain<Entity extends ObjectLiteral>(target: EntityTarget<Entity>, options?: FindManyOptions<Entity>): Promise<RouteExplanation>;
}

function isSharded(manager: EntityManager): manager is ShardedEntityManager {
  return 'acrossShards' in manager;
}
