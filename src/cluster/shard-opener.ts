import pLimit from 'p-limit';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { ConfigurationError, NotInitializedError, ShardsFailedError } from '../errors';
import type { ClusterCore } from './cluster-core';
import { withinBudget } from './connection-budget';
import { EmbeddedLock } from './embedded-lock';
import { examine, type ShardExamination } from './examine';
import { admitSettled, establish, type Member } from './identity';
import { closingIdle } from './idle-connections';
import { checkKeyCollations } from './key-check';
import { type ShardHandle, type ShardLifecycle } from './shard';
import { addressOf, type ShardAddress } from './shard-address';
import { ShardDataSource } from './shard-data-source';
import { connectFault, shardFault } from './shard-fault';
import { sharedDriver } from './shared-connections';
import { tableIdentities } from './table-identities';

/** What the partitions of one database share. */
interface SharedDatabase {
  readonly lock: EmbeddedLock;
  readonly options: Promise<Readonly<Record<string, unknown>>>;
  /** The end of what was last begun on the database's schema: statements that define tables run one after another. */
  schema: Promise<unknown>;
}

/** Opens and closes the shards of a cluster. */
export class ShardOpener implements ShardLifecycle {
  readonly #databases = new Map<string, SharedDatabase>();
  #establishing: Promise<void> | undefined;
  /** Id of the cluster, when databases that were opened by themselves have told it. */
  #clusterId: string | undefined;
  #isAllowed = false;

  /** @param adapt - may change each shard's data source before it is initialized. */
  constructor(
    readonly core: () => ClusterCore,
    readonly adapt: (source: ShardDataSource) => void = () => undefined,
  ) {}

  /** Lets shards be opened, until all are closed. */
  allow(): void {
    this.#isAllowed = true;
  }

  checkAllowed(): void {
    if (!this.#isAllowed) throw new NotInitializedError();
  }

  addressOf({ options }: ShardHandle): ShardAddress {
    const { shared, connect } = this.core().options;
    return connect ? {} : addressOf({ ...shared, ...options.connection });
  }

  /** Connects every shard that answers and compares what its database remembers; writes nothing. */
  examineAll(timeoutMs: number): Promise<readonly ShardExamination[]> {
    const { concurrency } = this.core().options;
    return examine(this.#shards(), (shard, source) => this.#member(shard, source), { timeoutMs, concurrency });
  }

  /** Opens every shard: connects all, compares identities, then makes the schema. When one fails, all are closed. */
  async openAll(): Promise<void> {
    const { options } = this.core();
    const shards = this.#shards();
    try {
      await this.#connectAll();
      if (this.#flag('dropSchema')) await this.dropSchemas();
      await this.#establishAll();
      await this.#everyShard('open', shards, (shard) => shard.open(), options.concurrency);
    } catch (error) {
      await this.closeAll();
      throw error;
    }
  }

  async closeAll(): Promise<void> {
    this.#isAllowed = false;
    this.#establishing = undefined;
    this.#clusterId = undefined;
    const closed = await Promise.allSettled(this.#shards().map((shard) => shard.close()));
    this.#databases.clear();
    const failed = closed.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Drops all tables, once for each database, and says so in the log; then every database remembers again what it is. */
  async dropSchemas(): Promise<void> {
    for (const shards of this.#byDatabase()) {
      const [first] = shards;
      if (!first) continue;
      const source = await first.connect();
      await this.#onSchema(first, () => source.dropDatabase());
      source.logger.log('info', `Dropped all tables of the database that holds shard(s) ${shards.map(({ name }) => name).join(', ')}.`);
    }
    this.#establishing = undefined;
    this.#clusterId = undefined;
  }

  /** Drops all tables and founds the databases anew, so that a later start still compares its configuration with theirs. */
  async dropAndEstablish(): Promise<void> {
    this.checkAllowed();
    await this.#connectAll();
    await this.dropSchemas();
    await this.#establishAll();
  }

  /** Makes the tables of every shard as TypeORM's `synchronize()` does; partitions of one database one after another. */
  async synchronizeAll(): Promise<void> {
    const { options } = this.core().understood;
    this.checkAllowed();
    await this.#everyShard(
      'synchronize',
      this.#shards(),
      async (shard) => {
        const source = await shard.open();
        await this.#onSchema(shard, () => source.synchronize());
      },
      options.concurrency,
    );
  }

  connect(shard: ShardHandle): Promise<ShardDataSource> {
    return this.#connect(shard).catch((error: unknown) => Promise.reject(connectFault(shard.name, error)));
  }

  async #connect(shard: ShardHandle): Promise<ShardDataSource> {
    const core = this.core();
    const database = this.#database(shard);
    const { name, suffix } = shard.options;
    const source = new ShardDataSource((await database.options) as unknown as DataSourceOptions, {
      shard: name,
      suffix,
      positionColumn: core.options.positionColumn,
      cluster: core.dataSource,
      shardings: core.model.entities,
      leaving: core.model.leaving,
      memory: core.memory,
      // Of the topology that is in force when it is asked.
      ownerOf: (sharding, values) => this.core().ownerOf(sharding, values).name,
      lock: database.lock,
    });
    this.adapt(source);
    await source.initialize();
    return source;
  }

  async prepare(shard: ShardHandle, source: ShardDataSource): Promise<void> {
    if (this.#establishing) await this.#establishing;
    else await this.#admit(this.#member(shard, source));
    await this.#onSchema(shard, async () => {
      if (this.#flag('migrationsRun')) await source.runMigrations(transactionMode(source));
      if (this.#flag('synchronize')) await source.synchronize();
    });
    const faults = await checkKeyCollations(source, this.core().model.entities);
    if (faults.length > 0) throw new ConfigurationError(faults);
  }

  /** Compares one database when it is opened by itself. */
  async #admit(member: Member): Promise<void> {
    const identity = await admitSettled(member, this.#clusterId);
    if (!identity) await this.#establishAll();
    else if (!member.inMemory) this.#clusterId ??= identity.clusterId;
  }

  async #connectAll(): Promise<void> {
    const { options } = this.core().understood;
    await this.#everyShard('connect', this.#shards(), (shard) => shard.connect(), options.concurrency);
  }

  /** Compares all databases together; once for the life of the cluster. */
  #establishAll(): Promise<void> {
    this.#establishing ??= this.#establish().catch((error: unknown) => {
      this.#establishing = undefined;
      throw error;
    });
    return this.#establishing;
  }

  async #establish(): Promise<void> {
    await this.#connectAll();
    const members = await Promise.all(this.#shards().map(async (shard) => this.#member(shard, await shard.connect())));
    await establish(members);
  }

  #member(shard: ShardHandle, dataSource: ShardDataSource): Member {
    const core = this.core();
    const expected = { cluster: core.options.name, shard: shard.name, suffix: shard.options.suffix, ...tableIdentities(core) };
    return { expected, dataSource, inMemory: isInMemory(dataSource), ownsRows: core.owners.includes(shard) };
  }

  #database(shard: ShardHandle): SharedDatabase {
    const known = this.#databases.get(shard.options.database);
    if (known) return known;
    const made = { lock: new EmbeddedLock(), options: this.#connectionOptions(shard), schema: Promise.resolve() };
    // Whoever connects awaits the options and is told; without a listener of its own a failure would be reported as unhandled too.
    made.options.catch(() => this.#databases.delete(shard.options.database));
    this.#databases.set(shard.options.database, made);
    return made;
  }

  async #connectionOptions({ options: shard }: ShardHandle): Promise<Readonly<Record<string, unknown>>> {
    const { shared, connect, isShared, resharding } = this.core().options;
    const given = { ...shared, ...shard.connection, ...(await connect?.(shard.database)), type: shared.type };
    const sized = withinBudget(given, shard.connection.poolSize);
    const options = isShared ? closingIdle(sized, resharding.idleTimeoutMs) : sized;
    const initCommands = [...this.#sessionLimits(), ...(shard.initCommand === undefined ? [] : [shard.initCommand])];
    return { ...options, synchronize: false, dropSchema: false, migrationsRun: false, driver: sharedDriver(options, initCommands) };
  }

  /**
   * Has servers end connections on which nothing was sent for a while, so that a process that was stopped between its route and its
   * statement cannot send it long after. With a topology of its own no process can be that late.
   */
  #sessionLimits(): readonly string[] {
    const { isShared, resharding, shared } = this.core().options;
    if (!isShared) return [];
    const seconds = Math.ceil(resharding.idleTimeoutMs / 1_000);
    if (shared.type === 'mysql' || shared.type === 'mariadb') return [`SET SESSION wait_timeout = ${seconds}`];
    const ms = resharding.idleTimeoutMs;
    return shared.type === 'postgres' ? [`SET idle_session_timeout = ${ms}`, `SET idle_in_transaction_session_timeout = ${ms}`] : [];
  }

  #onSchema<T>(shard: ShardHandle, work: () => Promise<T>): Promise<T> {
    const database = this.#database(shard);
    // A failure belongs to whoever began that work; the next one only waits for its end.
    const done = database.schema.catch(() => undefined).then(work);
    database.schema = done;
    return done;
  }

  #byDatabase(): readonly (readonly ShardHandle[])[] {
    const groups = new Map<string, ShardHandle[]>();
    for (const shard of this.#shards()) groups.set(shard.options.database, [...(groups.get(shard.options.database) ?? []), shard]);
    return [...groups.values()];
  }

  async #everyShard(
    operation: string,
    shards: readonly ShardHandle[],
    work: (shard: ShardHandle) => Promise<unknown>,
    concurrency: number,
  ): Promise<void> {
    const limit = pLimit(concurrency);
    const outcomes = await Promise.allSettled(shards.map((shard) => limit(() => work(shard))));
    const failed = shards.flatMap((shard, index) => {
      const outcome = outcomes[index];
      return outcome?.status === 'rejected' ? [{ shard: shard.name, error: shardFault(shard.name, outcome.reason) }] : [];
    });
    const [first] = failed;
    if (failed.length === 1 && first) throw first.error;
    const succeeded = shards.map(({ name }) => name).filter((name) => !failed.some(({ shard }) => shard === name));
    if (failed.length > 1) throw new ShardsFailedError(operation, failed, succeeded);
  }

  #shards(): readonly ShardHandle[] {
    return [...this.core().shards.values()];
  }

  #flag(name: 'synchronize' | 'dropSchema' | 'migrationsRun'): boolean {
    return this.core().options.shared[name] === true;
  }
}

function transactionMode(source: DataSource): { transaction?: 'all' | 'none' | 'each' } {
  const mode = source.options.migrationsTransactionMode;
  return mode === undefined ? {} : { transaction: mode };
}

function isInMemory(source: DataSource): boolean {
  const { options } = source;
  if (options.type === 'sqljs') return options.location === undefined;
  return options.type === 'better-sqlite3' && (options.database === ':memory:' || options.database === '');
}
