import type { PlanPhase } from '../topology';
import type { ReshardPlan } from './reshard-plan';

/** How long writes to moving keys were held up, in milliseconds: from the first freeze of a chunk to when its rows were writable again. */
export interface WritePause {
  /** Half of them waited no longer. */
  readonly p50: number;
  /** All but one in a hundred waited no longer. */
  readonly p99: number;
}

/** What moved between two shards so far. */
export interface PairProgress {
  /** The shard that rows leave. */
  readonly from: string;
  /** The shard that they come to. */
  readonly to: string;
  /** Rows that have moved. */
  readonly movedRows: number;
  /** As estimated by the plan; at least `movedRows`. */
  readonly totalRows: number;
}

/** How far a run has come. */
export interface ReshardProgress {
  /** The plan that it belongs to. */
  readonly planId: string;
  /** How far the plan has come. */
  readonly phase: PlanPhase;
  /** Rows of all tables that are under the new placement. */
  readonly movedRows: number;
  /** As estimated by the plan; at least `movedRows`. */
  readonly totalRows: number;
  /** Over the last ten seconds. */
  readonly rowsPerSecond: number;
  /** How long writes to moving keys were held up. */
  readonly pauseMs: WritePause;
  /** What moved between each pair of shards. */
  readonly pairs: readonly PairProgress[];
  /** Chunks that moved. */
  readonly chunks: number;
  /** Rows deleted from their sources. */
  readonly cleanedRows: number;
  /** What the run waits for, in words, when it does. */
  readonly waitingFor?: string;
  /** Whether the movers were told to pause. */
  readonly isPaused: boolean;
}

/** What a run came to. */
export interface ReshardReport {
  /** The plan that it belongs to. */
  readonly planId: string;
  /** `cancelled`: what had begun to move was finished, the rest stays where it was. */
  readonly outcome: 'done' | 'cancelled';
  /** Rows that have moved. */
  readonly movedRows: number;
  /** Rows deleted from their sources. */
  readonly cleanedRows: number;
  /** Chunks that moved. */
  readonly chunks: number;
  /** Chunks that were set back, because writers did not let go in time, and tried again. */
  readonly retries: number;
  /** How long this process ran, in seconds. */
  readonly seconds: number;
  /** Moved rows for each second between the first freeze and the last commit; waits before and after are not in it. */
  readonly rowsPerSecond: number;
  /** How long writes to moving keys were held up. */
  readonly pauseMs: WritePause;
}

/** Settings of a run. */
export interface ReshardRunOptions {
  /** The most rows that are frozen at once; 1 to 10,000. @defaultValue 500 */
  readonly chunkRows?: number;
  /** How many chunks this process moves at once; 1 to 64. @defaultValue 2 */
  readonly workers?: number;
  /** The most rows that this process moves in a second; 1 or more. @defaultValue no limit */
  readonly maxRowsPerSecond?: number;
  /** Waits while a replica of a source or target is further behind than this, in seconds. @defaultValue none: replicas are not asked */
  readonly maxLagSeconds?: number;
  /** How far behind the replicas of a shard are, in seconds; asked before each chunk when `maxLagSeconds` is given. */
  readonly lagSeconds?: (shard: string) => number | Promise<number>;
  /** Ends the run at the next chunk; it can be resumed. */
  readonly signal?: AbortSignal;
}

/**
 * A move that is being made. Iterating gives its progress, at most twice a second, and ends with the run; leaving the loop does not stop
 * the run, and `finished` settles without iteration.
 */
export interface ReshardRun extends AsyncIterable<ReshardProgress> {
  /** The plan that it belongs to. */
  readonly planId: string;
  /**
   * @throws {ReshardStoppedError} when the run cannot go on, or the cluster is closed; everything is served, and it can be resumed.
   * @throws the signal's reason when that ended it.
   */
  readonly finished: Promise<ReshardReport>;
  /** How far it has come now. */
  readonly progress: ReshardProgress;
  /** Finishes the chunks at hand, then moves nothing until `continue()`; for movers in all processes. */
  pause(): Promise<void>;
  /** Lets the movers of all processes go on after `pause()`. */
  continue(): Promise<void>;
  /**
   * Ends the plan: before the first commit all of it is dropped, after it begun rows are finished and the others stay.
   *
   * @throws {ReshardRefusedError} when rows have moved and the placement is a function that cannot say what is half-way: `reverse()` it.
   */
  cancel(): Promise<void>;
  /** Ends the plan as `cancel()` does, waits for its end, and plans the way back to the placement before. */
  reverse(): Promise<ReshardPlan>;
}
