import { type DataSource, In } from 'typeorm';
import { ConfigurationError, ShardKeyInvalidError } from '../../errors';
import type { ShardedRepository } from '../sharded-repository';
import { toStoredText } from './layout-value';
import { runInBatches } from './run-in-batches';

/** A class of layouts with values of type `V`. */
export interface LayoutClass<V> {
  new (guid: string, value: V): BaseLayout<V>;
  /** Name of the table. */
  readonly TABLE_NAME: string;
}

/** What a layout needs of the cluster it is stored in. */
export interface LayoutCluster extends DataSource {
  /** The shard that owns a key of a layout. */
  shardFor(entity: LayoutClass<unknown>, key: string): { readonly name: string };
}

const clusters = new WeakMap<object, LayoutCluster>();

/**
 * A JSON value for each key, in a table of its own, spread over the shards by the key. Subclass it for each kind of value:
 *
 * ```ts
 * class UserHomeLayout extends BaseLayout<number[]> {
 *   static override TABLE_NAME = 'user_home_layout';
 * }
 * ```
 *
 * List the class in the `entities` of a `ShardedDataSource`, and give it the cluster once with `use()`. Setting replaces.
 */
export abstract class BaseLayout<V> {
  /** Name of the table; each subclass has its own. */
  static TABLE_NAME = '';

  constructor(
    /** The key; any text that a shard key can be. */
    readonly ikey: string,
    /** The JSON value. */
    readonly value: V,
  ) {}

  /**
   * Gives the class, and its subclasses that are not given one of their own, the cluster that they are stored in.
   * Calls before it throw a {@link ConfigurationError}.
   */
  static use(cluster: LayoutCluster): void {
    clusters.set(this, cluster);
  }

  /** Reads the value of a key, or null when there is none. */
  static async get<V>(this: LayoutClass<V>, guid: string): Promise<V | null> {
    const row = await repositoryOf(this).findOneBy({ ikey: checkedKey(this, guid) });
    return row === null ? null : row.value;
  }

  /**
   * Reads the values of keys; those without one are left out.
   *
   * @throws {ShardsFailedError} when any of several shards fails.
   */
  static async getMany<V>(this: LayoutClass<V>, guids: Iterable<string>): Promise<Map<string, V>> {
    const repository = repositoryOf(this);
    const found = await runInBatches([...new Set(guids)], {
      operation: 'getMany',
      shardOf: shardNamer(this, (guid: string) => guid),
      bytesOf: () => 0,
      call: (keys) => repository.find({ where: { ikey: In([...keys]) } }),
    });
    return new Map(found.flat().map(({ ikey, value }) => [ikey, value]));
  }

  /**
   * Stores many values, replacing those that are there; of several for one key, the last. Shards are written at once, in statements
   * of limited size, and there is no transaction over all: what was stored before a fault stays.
   *
   * @throws {LayoutValueError} for a value that JSON would change, or that is too large; then nothing is sent.
   * @throws {ShardsFailedError} when any of several shards fails, after all have ended.
   */
  static async setMany<V>(this: LayoutClass<V>, values: Iterable<readonly [guid: string, value: V]>): Promise<void> {
    const repository = repositoryOf(this);
    const rows = [...new Map(values)].map(([ikey, value]) => ({ row: { ikey, value }, bytes: checkedBytes(this, value) }));
    await runInBatches(rows, {
      operation: 'setMany',
      shardOf: shardNamer(this, ({ row }: { readonly row: LayoutRow<V> }) => row.ikey),
      bytesOf: ({ bytes }) => bytes,
      call: (batch) => repository.upsert(batch.map(({ row }) => row) as never, ['ikey']),
    });
  }

  /** Whether a key has a value. */
  static async exists<V>(this: LayoutClass<V>, guid: string): Promise<boolean> {
    return repositoryOf(this).existsBy({ ikey: checkedKey(this, guid) });
  }

  /** Deletes the value of a key. @returns How many rows went: 0 or 1. */
  static async delete<V>(this: LayoutClass<V>, guid: string): Promise<number> {
    const { affected } = await repositoryOf(this).delete({ ikey: checkedKey(this, guid) });
    return affected ?? 0;
  }

  /**
   * Stores the value, replacing the one that is there.
   *
   * @throws {LayoutValueError} for a value that JSON would change, or that is too large.
   */
  async set(): Promise<void> {
    const layout = this.constructor as LayoutClass<V>;
    checkedBytes(layout, this.value);
    await repositoryOf(layout).upsert({ ikey: checkedKey(layout, this.ikey), value: this.value } as never, ['ikey']);
  }
}

/** A row as the repository of a layout class has it. */
interface LayoutRow<V> {
  readonly ikey: string;
  readonly value: V;
}

/** Refuses what is no text, before a list could be taken for conditions or for a key of several parts. */
function checkedKey<V>(layout: LayoutClass<V>, key: unknown): string {
  if (typeof key !== 'string') throw new ShardKeyInvalidError(`${layout.name}.ikey`, 'the key of a layout must be a string');
  return key;
}

/** Refuses a value that cannot be stored before anything is sent. @returns How many bytes it takes. */
function checkedBytes<V>(layout: LayoutClass<V>, value: V): number {
  return Buffer.byteLength(toStoredText(layout.name, value));
}

function repositoryOf<V>(layout: LayoutClass<V>): ShardedRepository<LayoutRow<V>> {
  return clusterOf(layout).getRepository(layout) as unknown as ShardedRepository<LayoutRow<V>>;
}

function clusterOf<V>(layout: LayoutClass<V>): LayoutCluster {
  for (let each: object | null = layout; each !== null; each = Object.getPrototypeOf(each)) {
    const cluster = clusters.get(each);
    if (cluster) return cluster;
  }
  throw new ConfigurationError([`${layout.name} has no cluster. Call ${layout.name}.use(cluster) once, before the first call.`]);
}

function shardNamer<V, T>(layout: LayoutClass<V>, keyOf: (item: T) => string): (item: T) => string {
  const cluster = clusterOf(layout);
  return (item) => cluster.shardFor(layout as LayoutClass<unknown>, checkedKey(layout, keyOf(item))).name;
}
