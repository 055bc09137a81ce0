import type { CopiedColumn } from './copied-column';
import type { SelfReference } from './table-order';
import type { TablePosition } from './table-position';

/** A table of one member whose rows can be copied. */
export interface CopiedTable {
  /** Its name on every member: without the suffix of a partition. */
  readonly table: string;
  /** Path as TypeORM has it, with the suffix. */
  readonly path: string;
  /** The path as SQL. */
  readonly quotedPath: string;
  /** All columns that the database has, by name. */
  readonly columns: readonly CopiedColumn[];
  /** The columns of the primary key, in its order; each is one of {@link columns}. */
  readonly key: readonly CopiedColumn[];
  readonly selfReferences: readonly SelfReference[];
}

/** A table of one member whose rows are divided among the shards by their position. */
export interface MovableTable extends CopiedTable {
  readonly position: TablePosition;
  /** What follows the table's name in a FROM so that stretches are read by the index of the position; empty where nothing need be said. */
  readonly byPosition: string;
}
