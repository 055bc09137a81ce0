/** What one database says of a column that matters for its order. */
export interface ColumnFacts {
  /** The type as the database names it, in lower case, for example `varchar(255)`. */
  readonly type: string;
  /** The collation, as it is written in SQL; undefined for what has none. */
  readonly collation?: string;
  /** The character set of a text; only on MySQL and MariaDB. */
  readonly charset?: string;
  /** Whether the collation compares texts by their bytes and nothing else. */
  readonly isBytewise?: boolean;
  /** Whether the type is an enumeration, ordered by place. */
  readonly isEnum?: boolean;
  /** How many bytes of a sort key the database compares; undefined for all. */
  readonly maxSortBytes?: number;
  /** What must be the same on every shard: type, collation and its version, places of an enumeration. */
  readonly signature: string;
}

/** The facts of a table's columns by their names in the database. */
export type TableFacts = ReadonlyMap<string, ColumnFacts>;
