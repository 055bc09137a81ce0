import type { GroupMove } from '../topology';

/** What a plan does between two shards in one group, as far as the databases could estimate it. */
export interface PlannedMove {
  /** The shard that rows leave. */
  readonly from: string;
  /** The shard that they come to. */
  readonly to: string;
  /** Rows of all tables of the group together. */
  readonly rows: number;
  /** About how many bytes. */
  readonly bytes: number;
}

/** What one shard holds of a group, before and after. */
export interface PlannedBalance {
  /** Name of the shard. */
  readonly shard: string;
  /** Rows that it has now. */
  readonly rowsBefore: number;
  /** Rows that it will have. */
  readonly rowsAfter: number;
  /** Bytes that they take now. */
  readonly bytesBefore: number;
  /** Bytes that they will take. */
  readonly bytesAfter: number;
}

/** What a plan does to one group. */
export interface PlannedGroup {
  /** Name of the group. */
  readonly group: string;
  /** Tables of the group. */
  readonly tables: readonly string[];
  /** What moves between each pair of shards. */
  readonly moves: readonly PlannedMove[];
  /** What each shard holds, before and after. */
  readonly balance: readonly PlannedBalance[];
}

/** A move that could be started: what it would do, and what is worth knowing before. Made by `cluster.reshard.plan()`. */
export interface ReshardPlan {
  /** Unique. */
  readonly id: string;
  /** What was asked for, in words, for example `add s3`. */
  readonly title: string;
  /** The topology version that it was made from; with any other it cannot be started. */
  readonly baseVersion: number;
  /** What it does to each group. */
  readonly groups: readonly PlannedGroup[];
  /** Reference tables that are copied to new shards before these serve. */
  readonly referenceTables: readonly string[];
  /** What does not keep it from being started. */
  readonly warnings: readonly string[];
  /** Estimates of all groups together. */
  readonly rows: number;
  /** About how many bytes. */
  readonly bytes: number;
  /** @internal Weights of the shards afterwards. */
  readonly weights: Readonly<Record<string, number>>;
  /** @internal What moves, by group. */
  readonly moves: ReadonlyMap<string, GroupMove>;
}
