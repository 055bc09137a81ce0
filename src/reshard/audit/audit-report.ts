/** What an audit counts. All but `rows`, `arrivals` and `departures` are 0 when all is well. */
export interface AuditCounts {
  /** Rows that were looked at. */
  readonly rows: number;
  /** Rows on a shard that does not own their key. */
  readonly misplaced: number;
  /** Primary keys that two owning shards have both; counted on the second. */
  readonly duplicated: number;
  /** Rows whose stored position is not that of their key, or whose key can have none. */
  readonly wrongPosition: number;
  /** Rows without a stored position; no move would find them. */
  readonly missingPosition: number;
  /** Copies that a move has brought to their next owner, and which are not served yet. */
  readonly arrivals: number;
  /** Copies that a move has left on their last owner, and which it will delete. */
  readonly departures: number;
}

/** The counts of one table on one shard. */
export interface AuditedTable extends AuditCounts {
  /** Name of the shard. */
  readonly shard: string;
  /** Name of the group. */
  readonly group: string;
  /** Name of the table. */
  readonly table: string;
}

/** What `cluster.reshard.audit()` found. */
export interface AuditReport extends AuditCounts {
  /** Whether all that must be 0 is. */
  readonly isWell: boolean;
  /** Every table on every shard. */
  readonly tables: readonly AuditedTable[];
}

/** How far an audit has come. */
export interface AuditProgress {
  /** Name of the shard. */
  readonly shard: string;
  /** Name of the table. */
  readonly table: string;
  /** Rows that were looked at so far, in the whole cluster. */
  readonly rows: number;
}

/** Nothing yet. */
export const NO_ROWS: AuditCounts = Object.freeze({
  rows: 0,
  misplaced: 0,
  duplicated: 0,
  wrongPosition: 0,
  missingPosition: 0,
  arrivals: 0,
  departures: 0,
});

/** Adds counts up. */
export function addCounts(a: AuditCounts, b: AuditCounts): AuditCounts {
  const names = Object.keys(NO_ROWS) as (keyof AuditCounts)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as AuditCounts;
}

/** The report of tables. */
export function auditReport(tables: readonly AuditedTable[]): AuditReport {
  const total = tables.reduce(addCounts, NO_ROWS);
  const { misplaced, duplicated, wrongPosition, missingPosition } = total;
  return { ...total, isWell: misplaced + duplicated + wrongPosition + missingPosition === 0, tables };
}
