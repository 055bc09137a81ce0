import type { Interval } from './statistics';

/** One number that a benchmark found. */
export interface Figure {
  /** What was measured. */
  readonly what: string;
  readonly value: number;
  readonly unit: '×' | 'µs' | 'ms' | 's' | 'kB' | 'MB' | 'connections' | 'statements';
  /** 95 % interval of the value. */
  readonly interval?: Interval;
  /** The most that the target allows; without it the number is for information. */
  readonly limit?: number;
  /** What is held against the limit. @defaultValue the value */
  readonly judgedBy?: 'upper end';
  /** What the interval must contain besides, where two ways are said to cost the same. */
  readonly contains?: number;
  /** What the number was made of. */
  readonly note?: string;
}

/** A figure and what it says about its target. */
export interface Judged extends Figure {
  readonly verdict: 'met' | 'not met' | 'no target';
}

/** How much a run measures. */
export interface Effort {
  /** Pairs of calls for each ratio. */
  readonly pairs: number;
  /** Pairs of blocks for each comparison of CPU time. */
  readonly blocks: number;
  /** Rows that queries over many shards are made on. */
  readonly rows: number;
  /** Of moves between two servers. */
  readonly resharding: {
    /** Moves for each figure, one to the second shard and the next one back. */
    readonly moves: number;
    /** Rows of the table, of which half move. */
    readonly movedRows: number;
    /** Rows of a large table: a mover's heap is measured with it and with a tenth of it, and other keys' writes while a few slots move. */
    readonly largeRows: number;
  };
}

/** Some measurements that belong together and can be asked for by name. */
export interface Benchmark {
  readonly name: string;
  run(effort: Effort): AsyncIterable<Figure>;
}

/** Holds a figure, or the upper end of its interval, against its target. */
export function judge(figure: Figure): Judged {
  const { limit, interval, value, judgedBy, contains } = figure;
  if (limit === undefined) return { ...figure, verdict: 'no target' };
  const isWithin = (judgedBy && interval ? interval.high : value) <= limit;
  const isSame = contains === undefined || (interval !== undefined && interval.low <= contains && contains <= interval.high);
  return { ...figure, verdict: isWithin && isSame ? 'met' : 'not met' };
}
