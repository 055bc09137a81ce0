import type { DataSourceOptions } from 'typeorm';
import type { ReshardingOptions, ScatterOptions } from '../options';
import type { Placement } from '../routing';
import type { TopologyStore } from '../topology';

type Supported = Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' | 'postgres' | 'better-sqlite3' | 'sqljs' }>;
type WithoutType<O> = O extends Supported ? Partial<Omit<O, 'type'>> : never;
type WithType<O> = O extends Supported ? Partial<Omit<O, 'type'>> & Pick<O, 'type'> : never;

/** TypeORM's connection options of one database, all optional, since what is not given comes from the cluster's options. */
export type ShardConnectionOptions = WithoutType<Supported>;

/** One database of the cluster. */
export type ShardOptions = ShardConnectionOptions & {
  /** Unique name, for good: the ring is computed from it. Changing it makes rows vanish, so it is refused at start. */
  readonly name: string;
  /**
   * Share of the keys in proportion to the other shards; 0 owns nothing. With partitions it applies to each of them.
   * @defaultValue 1
   */
  readonly weight?: number;
  /** Members of the cluster that live side by side in this database, each with tables of its own: partition `1` has the suffix `_p1`. */
  readonly partitions?: readonly (number | string)[];
  /** A statement that is run on each new connection before it is used. */
  readonly initCommand?: string;
};

/** The sharding part of {@link ShardedDataSourceOptions}. */
export interface ShardingOptions {
  /** Name of the cluster; every database remembers it. @defaultValue 'default' */
  readonly name?: string;
  /** The databases; a bare name takes all its options from `connect`. */
  readonly shards: readonly (ShardOptions | string)[];
  /** Gives the connection options of a shard by name; asked once for each shard when it is opened. They win over those in `shards`. */
  readonly connect?: (name: string) => ShardConnectionOptions | Promise<ShardConnectionOptions>;
  /** How keys are divided among the shards. @defaultValue `hashRing()` */
  readonly placement?: Placement;
  /** What calls to several shards may cost; entities and calls may say otherwise. */
  readonly scatter?: ScatterOptions;
  /** Signs the cursors of `findPage`, so that clients cannot make them up; 16 characters or more. Cursors are unsigned without it. */
  readonly cursorSecret?: string;
  /** Opens a shard when it is first used instead of at `initialize()`. @defaultValue false */
  readonly lazy?: boolean;
  /** How many shards are opened, and asked by a scatter, at once; 1 to 1000. @defaultValue 16 */
  readonly concurrency?: number;
  /** The most connections that this process may hold to all shards together; pools are made smaller to fit. @defaultValue 500 */
  readonly maxConnections?: number;
  /** Name of the column that holds a row's position. @defaultValue '_shard_position' */
  readonly positionColumn?: string;
  /**
   * Keeps the topology that all processes of the cluster route by; a cluster closes it with itself. Clusters of several processes that
   * shall ever be resharded need one that they share.
   * @defaultValue `memoryTopology()`
   */
  readonly topology?: TopologyStore;
  /** How long processes go by what they know of the topology. */
  readonly resharding?: ReshardingOptions;
  /** A statement that is run on each new connection of every shard before it is used. */
  readonly initCommand?: string;
}

/** What a {@link ShardedDataSource} is made of: TypeORM's options, shared by all shards, and the shards. */
export type ShardedDataSourceOptions = WithType<Supported> & ShardingOptions;
