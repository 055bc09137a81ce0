import { channel } from 'node:diagnostics_channel';

/** What a mover is about to do; the names do not change. */
export type StepName =
  /** The plan is recorded. */
  | 'prepare'
  /** A database comes to accept the next placement. */
  | 'identity'
  /** Reference tables are copied to new shards. */
  | 'references'
  /** The rows of a shard are cut, and begin to move. */
  | 'cut'
  /** The guards of a shard are installed. */
  | 'arm'
  /** The plan is announced to all clients. */
  | 'announce'
  /** All clients have acknowledged; rows are let move. */
  | 'barrier'
  /** Rows are taken by a swap. */
  | 'lease'
  /** The token of taken rows is raised on a shard. */
  | 'raise'
  /** What an uncommitted chunk left on a shard is cleared, and its rows are set back. */
  | 'clear'
  /** Rows are frozen on a shard. */
  | 'freeze'
  /** Rows are read on their source and written to a target. */
  | 'copy'
  /** Source and target are compared. */
  | 'verify'
  /** The swap that commits a chunk is sent. */
  | 'commit'
  /** That swap was stored; no shard knows yet. */
  | 'committed'
  /** The rows of a committed chunk are lowered on a shard. */
  | 'lower'
  /** Departures are deleted from a shard. */
  | 'clean'
  /** The new placement is swapped in. */
  | 'place'
  /** Rows that are clean are brought to rest on a shard. */
  | 'settle'
  /** A database comes to accept only the placement in force. */
  | 'narrow'
  /** The guards of a shard are dropped. */
  | 'disarm'
  /** The plan is removed. */
  | 'finish';

/** Where a step is made. */
export interface StepPlace {
  /** The group of the rows, where it is about one. */
  readonly group?: string;
  /** The shard, where it is done on one. */
  readonly shard?: string;
  /** Rows of the plan, or of tables for `copy`, `verify`, `commit` and `committed`. */
  readonly rows?: number;
}

/** What subscribers of `typeorm-sharding:reshard:step` are given. */
export interface ReshardStep extends StepPlace {
  /** The plan that it belongs to. */
  readonly planId: string;
  /** What is about to be done. */
  readonly step: StepName;
  /** Called while the message is delivered, it keeps the step from being taken: the run stops there as if the step had failed. */
  refuse(reason: Error): void;
}

/** Name of the channel of `node:diagnostics_channel` on which each step of a mover is told just before it takes effect. */
export const STEP_CHANNEL = 'typeorm-sharding:reshard:step';

const steps = channel(STEP_CHANNEL);

/** Tells subscribers of a step, before it is taken. @throws what one of them refused it with. */
export function announceStep(planId: string, step: StepName, place: StepPlace = {}): void {
  if (!steps.hasSubscribers) return;
  const refusals: Error[] = [];
  const message: ReshardStep = { planId, step, ...place, refuse: (reason) => refusals.push(reason) };
  steps.publish(message);
  const [first] = refusals;
  if (first) throw first;
}
