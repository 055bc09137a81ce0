/** Something that must not happen. */
export interface Violation {
  readonly kind: 'lost' | 'wrong' | 'duplicate' | 'resurrected' | 'stuck' | 'count' | 'unexpected' | 'slow-run' | 'audit';
  readonly what: string;
  readonly history?: readonly string[];
}

/** What a writer did so far. */
export interface WriterReport {
  /** By kind of operation: how many were acknowledged, refused, and unknown. */
  readonly operations: Readonly<Record<string, Readonly<Record<'acknowledged' | 'refused' | 'unknown', number>>>>;
  /** By code of the error. */
  readonly errors: Readonly<Record<string, number>>;
  /** Milliseconds of writes to keys that a plan was moving. */
  readonly movingMs: readonly number[];
  readonly slowestMs: number;
}

/** What a writer believes of its rows. */
export interface OracleDump {
  /** By `table:id`. */
  readonly keys: Readonly<Record<string, { readonly possible: readonly string[]; readonly history: readonly string[] }>>;
  /** Ids of ticks, and those of which nobody knows. */
  readonly ticks: readonly string[];
  readonly doubtfulTicks: readonly string[];
  /** By counter: increments acknowledged, and unknown. */
  readonly counters: readonly (readonly [acknowledged: number, unknown: number])[];
}

/** How many rows there are at least and at most. */
export type Bounds = Readonly<Record<'Account' | 'Meter' | 'Reading' | 'Tick', readonly [least: number, most: number]>>;
