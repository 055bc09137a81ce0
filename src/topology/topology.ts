import type { Position, RoutingTable } from '../routing';

/**
 * How far a plan has come. It only goes on, in this order; every step is one swap of the document, and any process may take the next.
 *
 *   preparing   recorded; databases come to accept the next placement, reference tables are copied, rows are cut, members are armed
 *   announced   armed; waiting until every live client routes by this version and is connected to the new shards
 *   moving      rows move, chunk by chunk; watermarks fall
 *   cleaning    the new placement is in force; departures are deleted from their sources
 *   disarming   all is clean; waiting until no client can send what it routed before, then the guards go and the plan with them
 */
export type PlanPhase = 'preparing' | 'announced' | 'moving' | 'cleaning' | 'disarming';

/** What the operator wants of the movers; `go` unless said otherwise. */
export type PlanOrder = 'go' | 'pause' | 'cancel';

/** One row of a plan: a stretch of a group's line that comes under another rule. */
export interface PlanRow {
  /** Where it begins (inclusive); `-Infinity`: it has no beginning. */
  readonly since: Position;
  /** Where it ends (exclusive); `Infinity`: it has no end. */
  readonly upto: Position;
  /** From here on the new rule holds, below it the old one: `upto` when nothing has moved, `since` when all has. */
  readonly watermark: Position;
  /** Of the mover that has the lease of the row; 0 before the first. */
  readonly token: number;
}

/** What a plan does to one group. */
export interface GroupMove {
  /** The placement before. */
  readonly from: RoutingTable;
  /** The placement after. */
  readonly to: RoutingTable;
  /** In order, without overlap. */
  readonly rows: readonly PlanRow[];
}

/** A process that moves rows of a plan. */
export interface Mover {
  readonly token: number;
  /** Its client id, by which heartbeats tell whether it lives. */
  readonly client: string;
}

/** A move from one placement to the next, while it lasts. */
export interface TopologyPlan {
  /** Unique; the plan that the operator saw has the same. */
  readonly id: string;
  readonly phase: PlanPhase;
  readonly order: PlanOrder;
  /** Whether guards stay when the plan is done. */
  readonly guard: 'while-resharding' | 'always';
  /** What was asked for, in words. */
  readonly title: string;
  /** The version that clients must route by before rows move; 0 before it is announced. */
  readonly announcedVersion: number;
  /** The version since which nothing is routed by the plan any more; 0 before `disarming`. */
  readonly finalVersion: number;
  /** The weights of the shards after it. */
  readonly weights: Readonly<Record<string, number>>;
  /** By the name of the group. */
  readonly moves: ReadonlyMap<string, GroupMove>;
  readonly movers: readonly Mover[];
}

/** What the document of a topology says. */
export interface TopologyState {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Added to the store's version: a topology that was lost and rebuilt goes on counting where the shards had come. */
  readonly versionBase: number;
  /** Weights of the shards that own rows. */
  readonly weights: Readonly<Record<string, number>>;
  /** The placement in force of each group, by its name: that before the plan until all of it has moved, then that after it. */
  readonly tables: ReadonlyMap<string, RoutingTable>;
  /** The highest token that was ever given out; it never starts again. */
  readonly lastToken: number;
  /** What is moving; null at rest. */
  readonly plan: TopologyPlan | null;
}

/** The versioned state by which every process routes. Immutable. */
export interface Topology extends TopologyState {
  /** Grows with every change; rows of `_shard_ownership` remember it. */
  readonly version: number;
  /** What the store calls this version, for swaps. */
  readonly storeVersion: number;
  /** What calls route by: for groups that move the old placement with what has moved under the new one. */
  readonly routes: ReadonlyMap<string, RoutingTable>;
}
