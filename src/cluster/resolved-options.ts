import type { DataSourceOptions } from 'typeorm';
import type { ResolvedReshardingOptions } from '../options';
import type { Placement } from '../routing';
import type { TopologyStore } from '../topology';
import type { ScatterBudget } from './scatter-budget';
import type { ShardedDataSourceOptions } from './sharded-data-source-options';

/** One member of the cluster, complete. */
export interface ResolvedShard {
  readonly name: string;
  readonly weight: number;
  readonly partition?: string;
  /** What its tables' names end with; empty without partitions. */
  readonly suffix: string;
  /** Name of the entry in `shards` that it comes from; partitions of one entry share a pool. */
  readonly database: string;
  readonly connection: Readonly<Record<string, unknown>>;
  readonly initCommand?: string;
}

/** {@link ShardedDataSourceOptions}, checked and complete. */
export interface ResolvedClusterOptions {
  readonly name: string;
  readonly shards: readonly ResolvedShard[];
  readonly placement: Placement;
  readonly scatter: ScatterBudget;
  /** Signs the cursors of pages. */
  readonly cursorSecret?: string;
  readonly lazy: boolean;
  readonly concurrency: number;
  readonly maxConnections: number;
  readonly positionColumn: string;
  /** Keeps the topology. */
  readonly topology: TopologyStore;
  /** Whether other processes may route by the same topology. */
  readonly isShared: boolean;
  readonly resharding: ResolvedReshardingOptions;
  readonly connect?: ShardedDataSourceOptions['connect'];
  /** TypeORM's own options, shared by all shards. */
  readonly shared: Readonly<Record<string, unknown>> & { readonly type: DataSourceOptions['type'] };
}
