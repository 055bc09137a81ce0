import { type DataSource, In } from 'typeorm';
import { NotInitializedError } from '../../errors';
import type { ShardedRepository } from '../sharded-repository';
import { toStoredText } from './layout-value';

/** A class of layouts with values of type `V`. */
export interface LayoutClass<V> {
  new (guid: string, value: V): BaseLayout<V>;
  readonly TABLE_NAME: string;
}

/** What a layout needs of the cluster it is stored in. */
export interface LayoutCluster extends DataSource {
  shardFor(entity: LayoutClass<unknown>, key: string): { readonly name: string };
}

/** Rows that one statement of `getMany` or `setMany` holds at most. */
const ROWS_PER_STATEMENT = 500;

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
    readonly value: V,
  ) {}

  /** Gives the class, and its subclasses that are not given one of their own, the cluster that they are stored in. */
  static use(cluster: LayoutCluster): void {
    clusters.set(this, cluster);
  }

  /** Reads the value of a key, or null when there is none. */
  static async get<V>(this: LayoutClass<V>, guid: string): Promise<V | null> {
    const row = await repositoryOf(this).findOneBy({ ikey: guid });
    return row === null ? null : row.value;
  }

  /** Reads the values of keys; those without one are left out. */
  static async getMany<V>(this: LayoutClass<V>, guids: Iterable<string>): Promise<Map<string, V>> {
    const found = await perShard(
      this,
      [...new Set(guids)],
      (guid) => guid,
      (repository, keys) => repository.find({ where: { ikey: In([...keys]) } }),
    );
    return new Map(found.flat().map(({ ikey, value }) => [ikey, value]));
  }

  /** Stores many values, replacing those that are there. Shards are written at once; there is no transaction over all. */
  static async setMany<V>(this: LayoutClass<V>, values: Iterable<readonly [guid: string, value: V]>): Promise<void> {
    const rows = [...new Map(values)].map(([ikey, value]) => checked(this, ikey, value));
    await perShard(
      this,
      rows,
      ({ ikey }) => ikey,
      (repository, own) => repository.upsert([...own] as never, ['ikey']),
    );
  }

  /** Whether a key has a value. */
  static exists<V>(this: LayoutClass<V>, guid: string): Promise<boolean> {
    return repositoryOf(this).existsBy({ ikey: guid });
  }

  /** Deletes the value of a key. @returns How many rows went: 0 or 1. */
  static async delete<V>(this: LayoutClass<V>, guid: string): Promise<number> {
    const { affected } = await repositoryOf(this).delete({ ikey: guid });
    return affected ?? 0;
  }

  /**
   * Stores the value, replacing the one that is there.
   *
   * @throws {LayoutValueError} for a value that JSON would change, or that is too large.
   */
  async set(): Promise<void> {
    const layout = this.constructor as LayoutClass<V>;
    await repositoryOf(layout).upsert(checked(layout, this.ikey, this.value) as never, ['ikey']);
  }
}

/** A row as the repository of a layout class has it. */
interface LayoutRow<V> {
  readonly ikey: string;
  readonly value: V;
}

function checked<V>(layout: LayoutClass<V>, ikey: string, value: V): LayoutRow<V> {
  toStoredText(layout.name, value);
  return { ikey, value };
}

function repositoryOf<V>(layout: LayoutClass<V>): ShardedRepository<LayoutRow<V>> {
  return clusterOf(layout).getRepository(layout) as unknown as ShardedRepository<LayoutRow<V>>;
}

function clusterOf(layout: object): LayoutCluster {
  for (let each: object | null = layout; each !== null; each = Object.getPrototypeOf(each)) {
    const cluster = clusters.get(each);
    if (cluster) return cluster;
  }
  throw new NotInitializedError();
}

/** Runs a call for each shard's own items, in statements of limited size, all shards at once. */
async function perShard<V, T, R>(
  layout: LayoutClass<V>,
  items: readonly T[],
  keyOf: (item: T) => string,
  call: (repository: ShardedRepository<LayoutRow<V>>, items: readonly T[]) => Promise<R>,
): Promise<readonly R[]> {
  const cluster = clusterOf(layout);
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const { name } = cluster.shardFor(layout as LayoutClass<unknown>, keyOf(item));
    const group = groups.get(name) ?? [];
    group.push(item);
    groups.set(name, group);
  }
  const repository = repositoryOf(layout);
  const answers = await Promise.all(
    [...groups].map(async ([name, own]) => {
      const results: R[] = [];
      for (let from = 0; from < own.length; from += ROWS_PER_STATEMENT) {
        results.push(await call(repository.onShard(name), own.slice(from, from + ROWS_PER_STATEMENT)));
      }
      return results;
    }),
  );
  return answers.flat();
}
