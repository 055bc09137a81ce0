import {
  DataSource,
  type DataSourceOptions,
  type EntityMetadata,
  type EntityTarget,
  type Migration,
  type ObjectLiteral,
  type QueryRunner,
  type ReplicationMode,
  type SelectQueryBuilder,
} from 'typeorm';
import {
  type CallContext,
  ClusterCore,
  type ConnectionBudget,
  checkHealth,
  connectionBudget,
  type ResolvedClusterOptions,
  resolveClusterOptions,
  runWithin,
  type Shard,
  type ShardDataSource,
  type ShardExamination,
  type ShardedDataSourceOptions,
  ShardHandle,
  type ShardHealth,
  ShardOpener,
  shardFault,
} from '../cluster';
import { ConfigurationError, NotInitializedError, ShardRequiredError } from '../errors';
import { LiveTopology, startLive } from '../live';
import { PROVED, RoutedEntityManager, type ShardedEntityManager, type ShardedRepository, withLayoutSchemas } from '../repository';
import { checkProvisioned } from '../reshard/provision-cluster';
import { Resharding } from '../reshard/resharding';
import type { RoutingTable, ShardKeyValue } from '../routing';
import { bindActiveRecords } from './active-record';
import { enableLazyRelations, routeLazyRelations } from './lazy-relations';

/** The rows that one shard answered to {@link ShardedDataSource.query}. */
export interface ShardQueryResult<T = unknown> {
  /** Name of the shard that answered. */
  readonly shard: string;
  /** What its driver answered. */
  readonly result: T;
}

/**
 * Many databases as one TypeORM `DataSource`: the repository and manager calls that an application knows, each run on the database
 * that owns the rows.
 *
 * It can be given wherever a `DataSource` is asked for. Members that make no sense without naming a database throw and say which
 * member does. Two processes with the same options always route alike, and databases written under others are refused at start.
 */
export class ShardedDataSource extends DataSource {
  declare readonly manager: ShardedEntityManager;
  readonly #settings: ResolvedClusterOptions;
  /** What the configuration says; calls go by the live topology's. */
  readonly #configured: ClusterCore;
  readonly #live: LiveTopology;
  readonly #opener: ShardOpener;
  readonly #reshard: Resharding;
  #initializing: Promise<this> | undefined;
  #reading: Promise<this> | undefined;

  /**
   * Checks the options; it opens nothing.
   *
   * @throws {ConfigurationError} with every fault of the options.
   */
  constructor(options: ShardedDataSourceOptions) {
    const entities = withLayoutSchemas(options.entities, options.type) as NonNullable<DataSourceOptions['entities']>;
    const settings = resolveClusterOptions({ ...options, entities });
    super(clusterOptions(settings));
    this.#settings = settings;
    this.#opener = new ShardOpener(
      () => this.#core,
      (source) => this.adaptShard(source),
    );
    const handles = settings.shards.map((shard) => [shard.name, new ShardHandle(shard, this.#opener)] as const);
    this.#configured = new ClusterCore(settings, this, new Map(handles));
    this.#live = new LiveTopology(this.#configured);
    this.#reshard = new Resharding(this.#live, () => this.readEntities());
    routeLazyRelations(this, () => this.#live);
    refuseDriverUse(this);
  }

  /** The members of the cluster, in the order of the options. */
  get shards(): readonly Shard[] {
    return [...this.#core.shards.values()];
  }

  /** How many connections this process may open, by database and in all. */
  get connections(): ConnectionBudget {
    return connectionBudget(this.#settings.shards, this.#settings.shared, this.#settings.maxConnections);
  }

  /** The compiled routing table of each group of entities, by the group's name. */
  get routingTables(): ReadonlyMap<string, RoutingTable> {
    return this.#core.tables;
  }

  /** Moves rows between shards while applications write. Its members need an initialized cluster. */
  get reshard(): Resharding {
    return this.#reshard;
  }

  /**
   * Reads and checks entities and placements, and opens nothing: what needs no database, such as `shardFor`, `routingTables` and
   * `getMetadata`, works afterwards. Calls on rows still need `initialize()`.
   *
   * @throws {ConfigurationError} with every fault of entities and placements.
   */
  readEntities(): Promise<this> {
    this.#reading ??= this.#readEntities().catch((error: unknown) => {
      this.#reading = undefined;
      throw error;
    });
    return this.#reading;
  }

  /**
   * Checks entities and placements, opens the shards, compares every database with the configuration, and makes the schema when
   * `synchronize`, `dropSchema` or `migrationsRun` say so. Calls at the same time share one attempt.
   *
   * @throws {ConfigurationError} with every fault of entities and placements, before anything is opened.
   * @throws {IdentityError} when a database was written by another cluster, shard or placement.
   * @throws {ShardError} {ShardsFailedError} naming the shards that cannot be opened; all others are closed again.
   */
  override initialize(): Promise<this> {
    this.#initializing ??= this.#initialize().catch((error: unknown) => {
      this.#initializing = undefined;
      const fail = () => Promise.reject(error);
      // Why it did not start says more than what then failed to close.
      return this.#close().then(fail, fail);
    });
    return this.#initializing;
  }

  /** Closes every shard. A move that this process makes ends with its chunk, and can be resumed. The cluster can be initialized again. */
  override async destroy(): Promise<void> {
    // Whoever initializes is told of its failure; then nothing is open.
    await this.#initializing?.catch(() => undefined);
    this.#initializing = undefined;
    Object.assign(this, { isInitialized: false });
    await this.#close();
  }

  /** Closes all shards, like `destroy()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }

  /** Opens one shard of a cluster with `lazy`; others are open already. */
  async open(name: string): Promise<Shard> {
    const shard = this.#core.understood.shard(name);
    await shard.open().catch((error: unknown) => Promise.reject(shardFault(name, error)));
    return shard;
  }

  /** @throws {UnknownShardError} when no shard has the name. */
  shard(name: string): Shard {
    return this.shardHandle(name);
  }

  /**
   * Finds the shard that owns a key.
   *
   * @param key - the value of the shard key; for a key of several, the values in order or an object by property.
   * @throws {ShardKeyInvalidError} for a key that cannot route.
   * @throws {NotShardedError} for an entity without a shard key.
   */
  shardFor<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>, key: ShardKeyValue): Shard {
    return this.#core.ownerOfKey(entity, key);
  }

  /** Finds the shard that owns a key, also where that needs to ask a database; throws as {@link shardFor} does. */
  async locate<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>, key: ShardKeyValue): Promise<Shard> {
    return this.shardFor(entity, key);
  }

  /** A manager whose calls go to the shard that owns `key`; its transactions are pinned to it from the start. */
  forKey<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>, key: ShardKeyValue): ShardedEntityManager {
    return this.manager.forKey(entity, key);
  }

  /**
   * Runs work in a context, for example a whole request: its calls on entities of the key's group that prove no shard go to the shard
   * of the key instead of all, those that prove another one are refused, and calls to several shards have the limits of `scatter`.
   *
   * It chooses the shard and does not filter rows: those of other keys on the same shard are still seen and written, so conditions
   * still belong in every call, and `deleteAll`, `updateAll` and `clear` mean all rows of the group's entities on that shard alone.
   * What the caller names is nearer: `forKey`, `onShard`, `acrossShards`, `withScatter`, and transactions of `forKey` and `onShard`.
   * Entities of other groups, unsharded ones and reference tables are as ever, and so are rows that relations lead to.
   * The context counts at the time of the call, so iterators and streams may be read after it. It follows the work through promises and
   * timers, and concurrent work does not see it. Inside of another context only what is given here replaces what that one says.
   *
   * @returns What `work` returns.
   * @throws {ShardKeyInvalidError} for a key that cannot route, before `work` is called.
   * @throws {NotShardedError} for a key of an entity that has none.
   * @throws {ConfigurationError} for scatter options that cannot be.
   * @throws {NotInitializedError} before `initialize()`.
   * @throws {WrongShardError} from calls that prove another shard.
   */
  within<T>(context: CallContext, work: () => T): T {
    return runWithin(this.#core, context, work);
  }

  /** @throws {NotInitializedError} before the first `initialize()`, which reads the entities. */
  override getMetadata(target: EntityTarget<ObjectLiteral>): EntityMetadata {
    if (this.entityMetadatas.length === 0 && !this.isInitialized) throw new NotInitializedError();
    return super.getMetadata(target);
  }

  override getRepository<Entity extends ObjectLiteral>(target: EntityTarget<Entity>): ShardedRepository<Entity> {
    return this.manager.getRepository(target);
  }

  /**
   * Runs SQL on the shards named, at once.
   *
   * @param target - which shards; without it nothing is sent, since a statement is never guessed to belong to a shard.
   * @returns What each shard answered, in the order of `target.shards`, or of the options for `'all'`.
   * @throws {ShardRequiredError} without `shards`.
   * @throws {ShardsFailedError} when any shard fails.
   */
  override async query<T = readonly ShardQueryResult[]>(
    sql: string,
    parameters?: unknown[] | ObjectLiteral,
    target?: QueryRunner | { readonly shards: readonly string[] | 'all' },
  ): Promise<T> {
    if (!target || !('shards' in target))
      throw new ShardRequiredError('query() of a cluster', "query(sql, parameters, { shards: ['name'] | 'all' })");
    const core = this.#core.understood;
    const shards = target.shards === 'all' ? [...core.shards.values()] : target.shards.map((name) => core.shard(name));
    const results = await core.access.runAll('query', shards, (manager) => manager.query(sql, parameters));
    return shards.map(({ name }, index) => ({ shard: name, result: results[index] })) as T;
  }

  /** Makes the schema of every shard as TypeORM does for one; partitions of a database one after another. */
  override async synchronize(dropBeforeSync = false): Promise<void> {
    if (dropBeforeSync) await this.dropDatabase();
    await this.#opener.synchronizeAll();
  }

  /** Drops all tables of every shard, once for each database, and logs which shards that meant. */
  override async dropDatabase(): Promise<void> {
    await this.#opener.dropAndEstablish();
  }

  /**
   * Asks every open shard whether it answers. It does not throw for one that is down.
   *
   * @param options.timeoutMs - how long to wait for an answer; defaults to 2000.
   */
  health(options: { readonly timeoutMs?: number } = {}): Promise<readonly ShardHealth[]> {
    return checkHealth(this.#core.shards.values(), options.timeoutMs ?? 2_000);
  }

  /**
   * Asks every shard, whether it was opened or not, if it answers and if its database belongs there. It writes nothing and makes no
   * schema, and one that is down does not hide the others. What it connected stays connected until `destroy()`.
   *
   * @param options.timeoutMs - how long to wait for each shard; defaults to 2000.
   * @throws {ConfigurationError} with every fault of entities and placements.
   */
  async examine(options: { readonly timeoutMs?: number } = {}): Promise<readonly ShardExamination[]> {
    await this.readEntities();
    return this.#opener.examineAll(options.timeoutMs ?? 2_000);
  }

  /** TypeORM's own builder; the shards that it is run on are proved from its conditions when it is run. */
  override createQueryBuilder<Entity extends ObjectLiteral>(...args: readonly unknown[]): SelectQueryBuilder<Entity> {
    const [target, alias, queryRunner] = args;
    return this.manager.createQueryBuilder<Entity>(target as EntityTarget<Entity>, alias as string, queryRunner as QueryRunner);
  }

  /** Migrations run on each shard. @throws {ShardRequiredError} always, and names the ways to run them. */
  override runMigrations(): Promise<Migration[]> {
    return Promise.reject(migrationsNeedShard('runMigrations()'));
  }

  /** Migrations belong to each shard. @throws {ShardRequiredError} always. */
  override undoLastMigration(): Promise<void> {
    return Promise.reject(migrationsNeedShard('undoLastMigration()'));
  }

  /** Migrations belong to each shard. @throws {ShardRequiredError} always. */
  override showMigrations(): Promise<boolean> {
    return Promise.reject(migrationsNeedShard('showMigrations()'));
  }

  /** A cluster has no query runner of its own. @throws {ShardRequiredError} always. */
  override createQueryRunner(_mode?: ReplicationMode): QueryRunner {
    throw new ShardRequiredError('createQueryRunner() of a cluster', 'shard(name).dataSource.createQueryRunner(), or transaction()');
  }

  override createEntityManager(_queryRunner?: QueryRunner): ShardedEntityManager {
    return new RoutedEntityManager(this, {
      core: () => this.#core,
      live: () => this.#live,
      scope: PROVED,
    }) as unknown as ShardedEntityManager;
  }

  /** @internal */
  get core(): ClusterCore {
    return this.#core;
  }

  /** @internal What this process knows of the topology. */
  get live(): LiveTopology {
    return this.#live;
  }

  /** @internal */
  shardHandle(name: string): ShardHandle {
    return this.#core.shard(name);
  }

  /** @internal Called with each shard's data source before it is initialized. */
  protected adaptShard(_source: ShardDataSource): void {}

  get #core(): ClusterCore {
    return this.#live.core;
  }

  async #readEntities(): Promise<this> {
    await this.buildMetadatas();
    this.#configured.understand();
    return this;
  }

  /** With a topology that others share even a lazy cluster compares all databases before it founds the topology. */
  async #open(): Promise<void> {
    if (!this.#settings.lazy || (this.#settings.isShared && !this.#core.topology)) await this.#opener.openAll();
  }

  async #close(): Promise<void> {
    await this.#reshard.close();
    await this.#live.stop(this.#configured);
    await this.#opener.closeAll();
    this.#forget();
  }

  #forget(): void {
    this.#reading = undefined;
    this.#configured.forget();
  }

  async #initialize(): Promise<this> {
    await this.readEntities();
    if (this.#settings.lazy && this.#settings.shared.dropSchema === true) {
      throw new ConfigurationError(['dropSchema cannot be used with lazy, since no shard is opened at the start.']);
    }
    bindActiveRecords(this, this.entityMetadatas);
    this.#opener.allow();
    await startLive(this.#live, () => this.#open());
    // Without a shared topology nothing can have been armed by another process.
    if (this.#settings.isShared) await checkProvisioned(this.#core);
    enableLazyRelations(this, this.entityMetadatas);
    Object.assign(this, { isInitialized: true });
    const { total, max } = this.connections;
    this.logger.log(
      'info',
      `The cluster has ${this.shards.length} shard(s); this process may open ${total} connection(s) to them, at most ${max}.`,
    );
    return this;
  }
}

/**
 * What the cluster's own data source is made with: enough to know the entities and the dialect, nothing that connects.
 * TypeORM wants a database named even so; where only `connect` knows it, any name will do.
 */
function clusterOptions(settings: ResolvedClusterOptions): DataSourceOptions {
  const [first] = settings.shards;
  const { cache: _cache, replication: _replication, ...shared } = { ...settings.shared, ...first?.connection } as Record<string, unknown>;
  const named = shared.type === 'sqljs' || shared.database !== undefined ? {} : { database: ':memory:' };
  return { ...shared, ...named, synchronize: false, dropSchema: false, migrationsRun: false } as unknown as DataSourceOptions;
}

function migrationsNeedShard(member: string): ShardRequiredError {
  const same = `shard(name).dataSource.${member}`;
  return new ShardRequiredError(`${member} of a cluster`, `the option migrationsRun, or ${same} for each of the shards`);
}

/** The cluster's driver knows the dialect but must never be asked for a connection. */
function refuseDriverUse(cluster: ShardedDataSource): void {
  const refuse = (member: string) => () => {
    throw new ShardRequiredError(`driver.${member}() of a cluster`, `shard(name).dataSource.driver.${member}()`);
  };
  const { driver } = cluster;
  driver.connect = refuse('connect');
  driver.createQueryRunner = refuse('createQueryRunner');
  driver.createSchemaBuilder = refuse('createSchemaBuilder');
}
