import {
  type DataSource,
  type DeleteResult,
  EntityManager,
  type EntityTarget,
  type FindManyOptions,
  type FindOneOptions,
  type FindOptionsWhere,
  type InsertResult,
  InstanceChecker,
  type ObjectLiteral,
  type QueryRunner,
  type RemoveOptions,
  type SaveOptions,
  type SelectQueryBuilder,
  TypeORMError,
  type UpdateOptions,
  type UpdateResult,
  type UpsertOptions,
} from 'typeorm';
import type { IsolationLevel } from 'typeorm/driver/types/IsolationLevel';
import { type ActiveContext, type ClusterCore, mergeScatter, runTransaction, type ShardAccess, type ShardHandle } from '../cluster';
import { ConfigurationError, ShardRequiredError } from '../errors';
import { type ScatterCallOptions, scatterCallFaults } from '../options';
import type { ShardKeyValue } from '../routing';
import type { Page } from '../scatter';
import { PinnedTransaction } from '../transaction';
import { beginBuilder } from './builder/routed-builder';
import { CallRouter } from './call-router';
import { type CheckedCriteria, clearEverything, deleteBy, deleteEverything, updateBy, updateEverything } from './criteria-writes';
import { EntityKeys } from './entity-keys';
import { explain, type RouteExplanation } from './explain';
import { type FindPageOptions, findPage } from './find-page';
import { insert, upsert } from './inserts';
import { type IterateOptions, iterate } from './iterate';
import { notFound } from './not-found';
import { type PersistOperation, persist } from './persist';
import { ownPart } from './relations/own-part';
import { RelatedReads } from './relations/related-reads';
import { ACROSS, onShard, PROVED, type Scope, scopeWithin } from './scope';
import { type ShardedEntityManager, ShardedRepository } from './sharded-repository';

type Target = EntityTarget<ObjectLiteral>;
type Where = FindOptionsWhere<ObjectLiteral> | FindOptionsWhere<ObjectLiteral>[];
// biome-ignore lint/suspicious/noExplicitAny: TypeORM declares these methods with overloads that only `any` satisfies; ShardedEntityManager types them
type Loose = any;

/** How a manager finds shards and runs calls on them. */
export interface Routing {
  readonly core: () => ClusterCore;
  readonly scope: Scope;
  /** What calls to several shards may cost, as far as `withScatter()` says. */
  readonly limits?: ScatterCallOptions;
  /** The transaction that calls belong to; undefined outside of one. */
  readonly transaction?: PinnedTransaction;
  /** Whether the transaction's shard was named by the caller, so that the key of a context is not for its calls. */
  readonly isPlaced?: boolean;
}

/**
 * The entity manager of a cluster. Every method of TypeORM's manager that sends statements is overridden, so that repositories,
 * which only call their manager, need no routing of their own.
 */
export class RoutedEntityManager extends EntityManager {
  readonly #routing: Routing;
  readonly #reads: RelatedReads;
  #router: CallRouter | undefined;

  constructor(dataSource: DataSource, routing: Routing) {
    super(dataSource);
    this.#routing = routing;
    this.#reads = new RelatedReads(() => this.#calls);
  }

  forKey(target: Target, key: ShardKeyValue): ShardedEntityManager {
    return this.#scoped(onShard(this.#routing.core().ownerOfKey(target, key), true));
  }

  onShard(name: string): ShardedEntityManager {
    return this.#scoped(onShard(this.#routing.core().shard(name), false));
  }

  acrossShards(): ShardedEntityManager {
    return this.#scoped(ACROSS);
  }

  withScatter(options: ScatterCallOptions): ShardedEntityManager {
    const faults = scatterCallFaults(options, 'withScatter()');
    if (faults.length > 0) throw new ConfigurationError(faults);
    return this.#derived({ limits: { ...this.#routing.limits, ...options } });
  }

  explain(target: Target, options: FindManyOptions<ObjectLiteral> = {}): Promise<RouteExplanation> {
    return explain(this.#calls, target, options);
  }

  async findPage(target: Target, options: FindPageOptions<Loose>): Promise<Page<Loose>> {
    return findPage(this.#calls, target, options);
  }

  iterate(target: Target, options: IterateOptions<Loose> = {}): AsyncIterableIterator<Loose, void, undefined> {
    return iterate(this.#calls, target, options);
  }

  override getRepository(target: Target): Loose {
    const known = this.repositories.get(target);
    if (known) return known;
    const repository = new ShardedRepository(target, this);
    this.repositories.set(target, repository);
    return repository;
  }

  override getTreeRepository(target: Target): Loose {
    return this.#manager('getTreeRepository()').getTreeRepository(target);
  }

  override createQueryBuilder(target?: Loose, alias?: string, queryRunner?: QueryRunner): SelectQueryBuilder<Loose> {
    const args = alias === undefined ? [target ?? queryRunner] : [target, alias, queryRunner];
    return beginBuilder(this.dataSource, () => this.#calls, args.slice(0, args.findLastIndex((each) => each !== undefined) + 1));
  }

  override query(sql: string, parameters?: Loose): Promise<Loose> {
    return this.#statement('query()', (manager) => manager.query(sql, parameters));
  }

  override sql(strings: TemplateStringsArray, ...values: unknown[]): Promise<Loose> {
    return this.#statement('sql``', (manager) => manager.sql(strings, ...values));
  }

  override async transaction(isolationOrWork: Loose, maybeWork?: Loose): Promise<Loose> {
    const isolation: IsolationLevel | undefined = typeof isolationOrWork === 'string' ? (isolationOrWork as IsolationLevel) : undefined;
    const work: ((manager: EntityManager) => Promise<unknown>) | undefined =
      typeof isolationOrWork === 'function' ? isolationOrWork : maybeWork;
    if (!work) throw new TypeORMError('Transaction method requires callback in second parameter if isolation level is supplied.');
    const { transaction, scope } = this.#routing;
    if (transaction && scope.kind === 'shard') transaction.admit([scope.shard]);
    if (transaction) return transaction.nest(() => work(this));
    const begun = new PinnedTransaction(isolation, scope.kind === 'shard' ? scope.shard : undefined);
    const isPlaced = scope.kind === 'shard';
    const manager = new RoutedEntityManager(this.dataSource, { ...this.#routing, scope: PROVED, transaction: begun, isPlaced });
    return runTransaction(() => begun.execute(() => work(manager)));
  }

  override async preload(target: Target, entityLike: ObjectLiteral): Promise<Loose> {
    const router = this.#calls;
    const sharding = router.core.shardingOf(target);
    const shard =
      sharding.kind === 'sharded'
        ? new EntityKeys(router.core, router.scope).shardOfStored(sharding, entityLike)
        : this.#anyShardOf(target);
    const { metadata } = sharding;
    const { leaving } = router.core.model;
    const own = leaving.canReach(metadata) ? ownPart(entityLike, metadata, leaving) : entityLike;
    const stored = await router.access.run(shard, (manager) => manager.preload(metadata.target, own));
    return stored && own !== entityLike ? this.merge(target, stored, entityLike) : stored;
  }

  override save(...args: Loose[]): Promise<Loose> {
    return this.#persist('save', args);
  }

  override remove(...args: Loose[]): Promise<Loose> {
    return this.#persist('remove', args);
  }

  override softRemove(...args: Loose[]): Promise<Loose> {
    return this.#persist('softRemove', args);
  }

  override recover(...args: Loose[]): Promise<Loose> {
    return this.#persist('recover', args);
  }

  override insert(target: Target, values: Loose): Promise<InsertResult> {
    return insert(this.#calls, target, values);
  }

  override async upsert(target: Target, values: Loose, conflict: string[] | UpsertOptions<Loose>): Promise<InsertResult> {
    return upsert(this.#calls, target, values, Array.isArray(conflict) ? { conflictPaths: conflict } : conflict);
  }

  override async update(target: Target, criteria: Loose, values: Loose, options?: UpdateOptions): Promise<UpdateResult> {
    return updateBy(this.#calls, target, this.#checked(criteria, 'update'), {
      operation: 'update',
      values,
      call: (manager, entity, each) => manager.update(entity, each, values, options),
    });
  }

  override async updateAll(target: Target, values: Loose, options?: UpdateOptions): Promise<UpdateResult> {
    return updateEverything(this.#calls, target, values, (manager, entity) => manager.updateAll(entity, values, options));
  }

  override async delete(target: Target, criteria: Loose): Promise<DeleteResult> {
    return deleteBy(this.#calls, target, this.#checked(criteria, 'delete'));
  }

  override async deleteAll(target: Target): Promise<DeleteResult> {
    return deleteEverything(this.#calls, target);
  }

  override async softDelete(target: Target, criteria: Loose): Promise<UpdateResult> {
    const call = (manager: EntityManager, entity: Target, each: never) => manager.softDelete(entity, each);
    return updateBy(this.#calls, target, this.#checked(criteria, 'softDelete'), { operation: 'softDelete', call });
  }

  override async restore(target: Target, criteria: Loose): Promise<UpdateResult> {
    const call = (manager: EntityManager, entity: Target, each: never) => manager.restore(entity, each);
    return updateBy(this.#calls, target, this.#checked(criteria, 'restore'), { operation: 'restore', call });
  }

  override clear(target: Loose, options?: { cascade?: boolean }): Promise<void> {
    return clearEverything(this.#calls, target, options);
  }

  override find(target: Target, options?: FindManyOptions<Loose>): Promise<Loose[]> {
    return this.#reads.find(target, options);
  }

  override findBy(target: Target, where: Where): Promise<Loose[]> {
    return this.#reads.find(target, { where });
  }

  override findAndCount(target: Target, options?: FindManyOptions<Loose>): Promise<[Loose[], number]> {
    return this.#reads.findAndCount(target, options);
  }

  override findAndCountBy(target: Target, where: Where): Promise<[Loose[], number]> {
    return this.#reads.findAndCount(target, { where });
  }

  override findOne(target: Target, options: FindOneOptions<Loose>): Promise<Loose> {
    return this.#reads.findOne(target, options);
  }

  override findOneBy(target: Target, where: Where): Promise<Loose> {
    return this.#reads.findOneBy(target, where);
  }

  override async findOneOrFail(target: Target, options: FindOneOptions<Loose>): Promise<Loose> {
    return (await this.findOne(target, options)) ?? notFound(target, options);
  }

  override async findOneByOrFail(target: Target, where: Where): Promise<Loose> {
    return (await this.findOneBy(target, where)) ?? notFound(target, where);
  }

  override count(target: Target, options?: FindManyOptions<Loose>): Promise<number> {
    return this.#reads.count(target, options);
  }

  override countBy(target: Target, where: Where): Promise<number> {
    return this.#reads.count(target, { where });
  }

  override exists(target: Target, options?: FindManyOptions<Loose>): Promise<boolean> {
    return this.#reads.exists(target, options);
  }

  override existsBy(target: Target, where: Where): Promise<boolean> {
    return this.#reads.exists(target, { where });
  }

  override sum(target: Target, column: string, where?: Where): Promise<number | null> {
    return this.#reads.aggregate('sum', target, column, where);
  }

  override average(target: Target, column: string, where?: Where): Promise<number | null> {
    return this.#reads.aggregate('average', target, column, where);
  }

  override minimum(target: Target, column: string, where?: Where): Promise<number | null> {
    return this.#reads.aggregate('minimum', target, column, where);
  }

  override maximum(target: Target, column: string, where?: Where): Promise<number | null> {
    return this.#reads.aggregate('maximum', target, column, where);
  }

  get #calls(): CallRouter {
    const { core, scope, transaction, limits } = this.#routing;
    const current = core();
    const context = current.contexts.current;
    if (context) return this.#callsIn(context, current);
    if (this.#router?.core !== current) this.#router = new CallRouter(current, transaction ?? current.access, scope, limits);
    return this.#router;
  }

  #callsIn(context: ActiveContext, core: ClusterCore): CallRouter {
    const { scope, transaction, limits, isPlaced } = this.#routing;
    const own = isPlaced ? scope : scopeWithin(scope, context);
    return new CallRouter(core, transaction ?? core.access, own, mergeScatter<ScatterCallOptions>({}, context.limits, limits));
  }

  #scoped(scope: Scope): ShardedEntityManager {
    return this.#derived({ scope });
  }

  #derived(routing: Partial<Routing>): ShardedEntityManager {
    return new RoutedEntityManager(this.dataSource, { ...this.#routing, ...routing }) as unknown as ShardedEntityManager;
  }

  #checked(criteria: Loose, method: 'update' | 'delete' | 'softDelete' | 'restore'): CheckedCriteria {
    return this.normalizeAndValidateWhereCriteria(criteria, method);
  }

  async #persist(operation: PersistOperation, args: Loose[]): Promise<unknown> {
    const [first, second, third] = args;
    const isTarget = args.length > 1 && (typeof first === 'function' || typeof first === 'string' || InstanceChecker.isEntitySchema(first));
    const entity: unknown = isTarget ? second : first;
    const options: SaveOptions | RemoveOptions | undefined = isTarget ? third : second;
    // TypeORM's own error for what is no entity, before anything is routed.
    if (typeof entity !== 'object' || entity === null) return (super[operation] as Loose).apply(this, args);
    const entities: readonly ObjectLiteral[] = [entity].flat();
    if (entities.length > 0) await persist(this.#calls, operation, isTarget ? first : undefined, entities, options);
    return entity;
  }

  #anyShardOf(target: Target): ShardHandle {
    return this.#calls.read(target, { kind: 'where', where: undefined }).shards[0] as ShardHandle;
  }

  /** The manager of the one shard that this manager is bound to, for members that answer without waiting. */
  #manager(member: string): EntityManager {
    const { scope, transaction } = this.#routing;
    const access: ShardAccess = transaction ?? this.#routing.core().access;
    const manager = scope.kind === 'shard' ? access.managerNow(scope.shard) : transaction?.managerNow();
    if (manager) return manager;
    throw new ShardRequiredError(
      `${member} of a cluster`,
      'forKey(…) or onShard(name) first; the shard must be open, and a transaction have its shard',
    );
  }

  async #statement<T>(member: string, call: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { scope } = this.#routing;
    const router = this.#calls;
    const shard = scope.kind === 'shard' ? scope.shard : router.access.pinned;
    if (shard) return router.access.run(shard, call);
    throw new ShardRequiredError(`${member} of a cluster`, 'query(sql, parameters, { shards }), or forKey(…) or onShard(name) first');
  }
}
