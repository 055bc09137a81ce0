import type { DataSource } from 'typeorm';
import { NotInitializedError } from '../errors';
import type { ResolvedShard } from './resolved-options';
import type { ShardAddress } from './shard-address';
import type { ShardDataSource } from './shard-data-source';
import { shardFault } from './shard-fault';

/** One member of the cluster: a database, or a partition of one. */
export interface Shard {
  /** Name of the member, for example `localhost:3306` or, for a partition, `localhost:3306:1`. */
  readonly name: string;
  /** Share of the keys in proportion to the other shards; 0 owns nothing. */
  readonly weight: number;
  /** Name of the partition; undefined for a shard that has its database to itself. */
  readonly partition?: string;
  /** Where its database is, as far as the options tell; without credentials. */
  readonly address: ShardAddress;
  /** Whether the shard has been opened; only with `lazy` it may not be. */
  readonly isOpen: boolean;
  /** TypeORM's data source of this shard. @throws {NotInitializedError} before the shard is opened. */
  readonly dataSource: DataSource;
}

/** How a handle reaches its database; each is called once, and again only after it failed. */
export interface ShardLifecycle {
  /** @throws {NotInitializedError} when the cluster has only read its entities. */
  checkAllowed(): void;
  /** Where the shard's database is. */
  addressOf(handle: ShardHandle): ShardAddress;
  /** Connects the shard's data source. */
  connect(handle: ShardHandle): Promise<ShardDataSource>;
  /** Makes a connected shard ready for use: identity and schema. */
  prepare(handle: ShardHandle, source: ShardDataSource): Promise<void>;
}

/** A {@link Shard} with what the library needs to open, use and close it. */
export class ShardHandle implements Shard {
  readonly name: string;
  readonly weight: number;
  readonly partition?: string;
  #source: ShardDataSource | undefined;
  #connecting: Promise<ShardDataSource> | undefined;
  #opening: Promise<ShardDataSource> | undefined;
  readonly #endings = new Set<Promise<void>>();

  constructor(
    readonly options: ResolvedShard,
    readonly lifecycle: ShardLifecycle,
  ) {
    this.name = options.name;
    this.weight = options.weight;
    if (options.partition !== undefined) this.partition = options.partition;
  }

  get address(): ShardAddress {
    return this.lifecycle.addressOf(this);
  }

  get isOpen(): boolean {
    return this.#source !== undefined;
  }

  get dataSource(): ShardDataSource {
    if (!this.#source) throw new NotInitializedError(this.name);
    return this.#source;
  }

  /** The data source if the shard is open; opens nothing. */
  get current(): ShardDataSource | undefined {
    return this.#source;
  }

  /** Connects without making the shard ready; calls at the same time share one attempt, and a failed attempt may be made again. */
  connect(): Promise<ShardDataSource> {
    this.#connecting ??= this.lifecycle.connect(this).catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  /** Connects the shard and makes it ready, with the same sharing of attempts as {@link connect}. @throws {ShardError} naming it. */
  open(): Promise<ShardDataSource> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Makes {@link close} wait for work that goes on after its call has ended. @param ending - it must not reject. */
  closeAfter(ending: Promise<void>): void {
    this.#endings.add(ending);
    void ending.then(() => this.#endings.delete(ending));
  }

  /** Closes the shard if it is open, connected or on the way there. */
  async close(): Promise<void> {
    await Promise.all(this.#endings);
    // A failed attempt has closed what it opened, and whoever asked for it was told.
    await this.#opening?.catch(() => undefined);
    const source = await this.#connecting?.catch(() => undefined);
    this.#connecting = undefined;
    this.#opening = undefined;
    this.#source = undefined;
    if (source?.isInitialized) await source.destroy();
  }

  async #open(): Promise<ShardDataSource> {
    this.lifecycle.checkAllowed();
    const source = await this.connect();
    await this.lifecycle.prepare(this, source).catch((error: unknown) => Promise.reject(shardFault(this.name, error)));
    this.#source = source;
    return source;
  }
}
