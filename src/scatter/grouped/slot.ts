import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';

/** What the shards send in a slot, of the argument's values in a group. */
export type SlotKind = 'value' | 'least' | 'greatest' | 'count' | 'sum' | 'averaged';

/** A column of what the shards send and of the table that it is merged from. */
export interface Slot {
  readonly name: string;
  readonly kind: SlotKind;
  /** The expression on the shard. */
  readonly argument: string;
  /** The column, when the argument is one. */
  readonly column: ColumnMetadata | undefined;
  /** Whether values that the collation holds equal have to stay apart, because an expression of them is taken afterwards. */
  readonly isByBytes: boolean;
}

/** What a database says about the values of a slot. */
export interface SlotType {
  /** Equal where databases compare values alike. */
  readonly signature: string;
  /** The type, with its collation, as it stands in a definition. */
  readonly definition: string;
  /** How values travel when not as their text. */
  readonly encoding?: 'hex' | 'uuid' | 'double' | undefined;
  /** The labels of an enum as a list of SQL, where its values travel as texts and are ordered by place. */
  readonly labels?: string | undefined;
}

/** The types by the names of the slots. */
export type SlotTypes = ReadonlyMap<string, SlotType>;

/** One part of the statement that goes to each shard: rows grouped by some slots. */
export interface Stream {
  /** The slots that the groups are made of. */
  readonly keys: readonly Slot[];
  /** The aggregates over each group. */
  readonly aggregates: readonly Slot[];
}

/** The prefix of names in the merging statement that no alias of a user should have. */
export const slotPrefix = '_s';
