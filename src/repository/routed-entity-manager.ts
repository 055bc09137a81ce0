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
import { type ClusterCore, runTransaction, type ShardAccess, type ShardHandle } from '../cluster';
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
import { type InsertDone, insert, upsert } from './inserts';
import { type IterateOptions, iterate } from './iterate';
import { iteratePages } from './iterate-pages';
import { ManagerCalls } from './manager-calls';
import { notFound } from './not-found';
import { type PersistOperation, persist } from './persist';
import { ownPart } from './relations/own-part';
import { RelatedReads } from './relations/related-reads';
import type { Routing } from './routing';
import { ACROSS, onShard, PROVED, resolveScope, type Scope } from './scope';
import { type ShardedEntityManager, ShardedRepository } from './sharded-repository';
import { transacted } from './transacted';

type Target = EntityTarget<ObjectLiteral>;
type Where = FindOptionsWhere<ObjectLiteral> | FindOptionsWhere<ObjectLiteral>[];
// biome-ignore lint/suspicious/noExplicitAny: TypeORM declares these methods with overloads that only `any` satisfies; ShardedEntityManager types them
type Loose = any;

/**
 * The entity manager of a cluster. Every method of TypeORM's manager that sends statements is overridden, so that repositories,
 * which only call their manager, need no routing of their own.
 */
export class RoutedEntityManager extends EntityManager {
  readonly #routing: Routing;
  readonly #calls: ManagerCalls;

  constructor(dataSource: DataSource, routing: Routing) {
    super(dataSource);
    this.#routing = routing;
    this.#calls = new ManagerCalls(routing);
  }

  forKey(target: Target, key: ShardKeyValue): ShardedEntityManager {
    // A key that cannot route is refused at once.
    this.#routing.core().ownerOfKey(target, key);
    return this.#scoped({ kind: 'key', target, key });
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
    return this.#read('explain', (router) => explain(router, target, options));
  }

  async findPage(target: Target, options: FindPageOptions<Loose>): Promise<Page<Loose>> {
    return this.#read('findPage', (router) => findPage(router, target, options));
  }

  iterate(target: Target, options: IterateOptions<Loose> = {}): AsyncIterableIterator<Loose, void, undefined> {
    if (!this.#isGuarded) return iterate(this.#calls.router, target, { ...options, hold: this.#calls.pages });
    return iteratePages((page) => this.findPage(target, page), options);
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
    return beginBuilder(this.dataSource, this.#calls, args.slice(0, args.findLastIndex((each) => each !== undefined) + 1));
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
    const { transaction, live } = this.#routing;
    if (transaction) {
      const scope = this.#scope;
      if (scope.kind === 'shard') transaction.admit([scope.shard]);
      return transaction.nest(() => work(this));
    }
    return transacted(live(), (core) => this.#transaction(core, isolation, work));
  }

  #transaction(core: ClusterCore, isolation: IsolationLevel | undefined, work: (manager: EntityManager) => Promise<unknown>) {
    const scope = resolveScope(this.#routing.scope, core);
    const isPlaced = scope.kind === 'shard';
    const transaction = new PinnedTransaction(this.#routing.live(), isolation, isPlaced ? scope.shard : undefined);
    const manager = new RoutedEntityManager(this.dataSource, { ...this.#routing, core: () => core, scope: PROVED, transaction, isPlaced });
    return runTransaction(() => transaction.execute(() => work(manager)));
  }

  override preload(target: Target, entityLike: ObjectLiteral): Promise<Loose> {
    return this.#read('preload', (router) => this.#preload(router, target, entityLike));
  }

  async #preload(router: CallRouter, target: Target, entityLike: ObjectLiteral): Promise<Loose> {
    const sharding = router.core.shardingOf(target);
    const shard =
      sharding.kind === 'sharded'
        ? new EntityKeys(router.core, router.scope).shardOfStored(sharding, entityLike)
        : (router.read(target, { kind: 'where', where: undefined }).shards[0] as ShardHandle);
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
    const done: InsertDone = new Map();
    return this.#calls.run({ operation: 'insert', kind: 'insert' }, (router) => insert(router, target, values, done));
  }

  override async upsert(target: Target, values: Loose, conflict: string[] | UpsertOptions<Loose>): Promise<InsertResult> {
    const options = Array.isArray(conflict) ? { conflictPaths: conflict } : conflict;
    const done: InsertDone = new Map();
    // It may become an INSERT IGNORE, which hides what guards say.
    return this.#calls.run({ operation: 'upsert', kind: 'remove' }, (router) => upsert(router, target, values, { options, done }));
  }

  override async update(target: Target, criteria: Loose, values: Loose, options?: UpdateOptions): Promise<UpdateResult> {
    const checked = this.#checked(criteria, 'update');
    const call = (manager: EntityManager, entity: Target, each: never) => manager.update(entity, each, values, options);
    return this.#update('update', (router) => updateBy(router, target, checked, { operation: 'update', values, call }));
  }

  override async updateAll(target: Target, values: Loose, options?: UpdateOptions): Promise<UpdateResult> {
    return this.#update('updateAll', (router) =>
      updateEverything(router, target, values, (manager, entity) => manager.updateAll(entity, values, options)),
    );
  }

  override async delete(target: Target, criteria: Loose): Promise<DeleteResult> {
    const checked = this.#checked(criteria, 'delete');
    return this.#update('delete', (router) => deleteBy(router, target, checked));
  }

  override async deleteAll(target: Target): Promise<DeleteResult> {
    return this.#update('deleteAll', (router) => deleteEverything(router, target));
  }

  override async softDelete(target: Target, criteria: Loose): Promise<UpdateResult> {
    const call = (manager: EntityManager, entity: Target, each: never) => manager.softDelete(entity, each);
    const checked = this.#checked(criteria, 'softDelete');
    return this.#update('softDelete', (router) => updateBy(router, target, checked, { operation: 'softDelete', call }));
  }

  override async restore(target: Target, criteria: Loose): Promise<UpdateResult> {
    const call = (manager: EntityManager, entity: Target, each: never) => manager.restore(entity, each);
    const checked = this.#checked(criteria, 'restore');
    return this.#update('restore', (router) => updateBy(router, target, checked, { operation: 'restore', call }));
  }

  override clear(target: Loose, options?: { cascade?: boolean }): Promise<void> {
    return this.#update('clear', (router) => clearEverything(router, target, options));
  }

  override find(target: Target, options?: FindManyOptions<Loose>): Promise<Loose[]> {
    return this.#select('find', options, (router) => new RelatedReads(() => router).find(target, options));
  }

  override findBy(target: Target, where: Where): Promise<Loose[]> {
    return this.#read('find', (router) => new RelatedReads(() => router).find(target, { where }));
  }

  override findAndCount(target: Target, options?: FindManyOptions<Loose>): Promise<[Loose[], number]> {
    return this.#select('findAndCount', options, (router) => new RelatedReads(() => router).findAndCount(target, options));
  }

  override findAndCountBy(target: Target, where: Where): Promise<[Loose[], number]> {
    return this.#read('findAndCount', (router) => new RelatedReads(() => router).findAndCount(target, { where }));
  }

  override findOne(target: Target, options: FindOneOptions<Loose>): Promise<Loose> {
    return this.#select('findOne', options, (router) => new RelatedReads(() => router).findOne(target, options));
  }

  override findOneBy(target: Target, where: Where): Promise<Loose> {
    return this.#read('findOneBy', (router) => new RelatedReads(() => router).findOneBy(target, where));
  }

  override async findOneOrFail(target: Target, options: FindOneOptions<Loose>): Promise<Loose> {
    return (await this.findOne(target, options)) ?? notFound(target, options);
  }

  override async findOneByOrFail(target: Target, where: Where): Promise<Loose> {
    return (await this.findOneBy(target, where)) ?? notFound(target, where);
  }

  override count(target: Target, options?: FindManyOptions<Loose>): Promise<number> {
    return this.#read('count', (router) => new RelatedReads(() => router).count(target, options));
  }

  override countBy(target: Target, where: Where): Promise<number> {
    return this.#read('count', (router) => new RelatedReads(() => router).count(target, { where }));
  }

  override exists(target: Target, options?: FindManyOptions<Loose>): Promise<boolean> {
    return this.#read('exists', (router) => new RelatedReads(() => router).exists(target, options));
  }

  override existsBy(target: Target, where: Where): Promise<boolean> {
    return this.#read('exists', (router) => new RelatedReads(() => router).exists(target, { where }));
  }

  override sum(target: Target, column: string, where?: Where): Promise<number | null> {
    return this.#read('sum', (router) => new RelatedReads(() => router).aggregate('sum', target, column, where));
  }

  override average(target: Target, column: string, where?: Where): Promise<number | null> {
    return this.#read('average', (router) => new RelatedReads(() => router).aggregate('average', target, column, where));
  }

  override minimum(target: Target, column: string, where?: Where): Promise<number | null> {
    return this.#read('minimum', (router) => new RelatedReads(() => router).aggregate('minimum', target, column, where));
  }

  override maximum(target: Target, column: string, where?: Where): Promise<number | null> {
    return this.#read('maximum', (router) => new RelatedReads(() => router).aggregate('maximum', target, column, where));
  }

  get #isGuarded(): boolean {
    return this.#routing.live().isGuarded;
  }

  #read<T>(operation: string, work: (router: CallRouter) => Promise<T>): Promise<T> {
    return this.#calls.run({ operation, kind: 'read' }, work);
  }

  /** Rows that are locked must be those of the owner, as rows that are written. */
  #select<T>(operation: string, options: FindOneOptions<Loose> | undefined, work: (router: CallRouter) => Promise<T>): Promise<T> {
    return options?.lock ? this.#update(operation, work) : this.#read(operation, work);
  }

  #update<T>(operation: string, work: (router: CallRouter) => Promise<T>): Promise<T> {
    return this.#calls.run({ operation, kind: 'update' }, work);
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
    const target: Target | undefined = isTarget ? first : undefined;
    const done = new Map<ObjectLiteral, readonly string[]>();
    if (entities.length > 0) {
      // A save reads first, and sends nothing when what is stored is the same.
      await this.#calls.run({ operation, kind: 'remove' }, (router) => persist(router, operation, { target, entities, options, done }));
    }
    return entity;
  }

  get #scope(): Exclude<Scope, { readonly kind: 'key' }> {
    return resolveScope(this.#routing.scope, this.#routing.core());
  }

  /** The manager of the one shard that this manager is bound to, for members that answer without waiting. */
  #manager(member: string): EntityManager {
    const { transaction } = this.#routing;
    const scope = this.#scope;
    const access: ShardAccess = transaction ?? this.#routing.core().access;
    const manager = scope.kind === 'shard' ? access.managerNow(scope.shard) : transaction?.managerNow();
    if (manager) return manager;
    throw new ShardRequiredError(
      `${member} of a cluster`,
      'forKey(…) or onShard(name) first; the shard must be open, and a transaction have its shard',
    );
  }

  async #statement<T>(member: string, call: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#calls.run({ operation: member, kind: 'remove' }, async (router) => {
      const { scope, access } = router;
      const shard = scope.kind === 'shard' ? scope.shard : access.pinned;
      if (shard) return access.run(shard, call);
      throw new ShardRequiredError(`${member} of a cluster`, 'query(sql, parameters, { shards }), or forKey(…) or onShard(name) first');
    });
  }
}
