import { type SqliteCollation, sqliteComparison } from '../../query';
import type { ColumnFacts } from './facts';
import { type SortKind, sortKind } from './sort-kind';

/** How a column of SQLite is compared: by the class of each value, whatever type the column declares. */
export function sqliteKind({ collation = 'BINARY' }: ColumnFacts): SortKind {
  return sortKind({
    select: (column) => `CASE typeof(${column}) WHEN 'integer' THEN 'i' || ${column} WHEN 'text' THEN 't' || ${column} ELSE ${column} END`,
    read: (raw) => (raw instanceof Uint8Array ? `b${Buffer.from(raw).toString('hex')}` : (raw as string | number)),
    compare: sqliteComparison(collation as SqliteCollation),
    // Without an affinity, so that the other side of a comparison is not converted.
    bind: (parameter, value) => (typeof value === 'string' && value.startsWith('i') ? `(CAST(${parameter} AS INTEGER) + 0)` : parameter),
    parameter: (value) => {
      if (typeof value !== 'string') return value;
      return value.startsWith('b') ? Buffer.from(value.slice(1), 'hex') : value.slice(1);
    },
  });
}
