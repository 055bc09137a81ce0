import type { EntityManager } from 'typeorm';
import type { ScatterUnsupportedError } from '../../errors';
import type { Slot, SlotType, SlotTypes } from './slot';
import type { SqlFamily } from './sql-tokens';

/** An aggregate as it is taken over what the shards have sent. */
export type MergedAggregate =
  | { readonly kind: 'count' | 'sum'; readonly slot: Slot }
  | { readonly kind: 'average'; readonly slot: Slot; readonly count: Slot }
  | { readonly kind: 'extreme'; readonly name: 'MIN' | 'MAX'; readonly slot: Slot }
  | { readonly kind: 'values'; readonly name: string; readonly values: readonly ((types: SlotTypes) => string)[] };

/** A statement with TypeORM's named parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What a shard is asked about its types. */
export interface TypesRequest {
  readonly slots: readonly Slot[];
  /** A query without rows whose columns, named as the slots, are the slots' arguments; NULL for counts. */
  readonly template: Statement;
  query(statement: Statement): Promise<readonly Record<string, string | null>[]>;
  readonly manager: EntityManager;
  refuse(feature: string): ScatterUnsupportedError;
}

/** How one family of databases says its types, sends values and takes them in. */
export interface Dialect {
  readonly family: SqlFamily;
  /** Whether the type of every expression can be told, and not of columns alone. */
  readonly typesExpressions: boolean;
  /** The largest text of values that one statement takes, in bytes. */
  readonly maxBytes: number;
  quote(name: string): string;
  /** Asks a shard for the types of the slots. */
  describe(request: TypesRequest): Promise<SlotTypes>;
  /** The types, where they depend on what values were sent. */
  asSent?(types: SlotTypes, rows: readonly Readonly<Record<string, unknown>>[]): SlotTypes;
  /** What a shard selects for a slot: a text from which the value comes back exactly. */
  sent(slot: Slot, type: SlotType): string;
  /** What a shard groups by for a slot. */
  groupedBy(slot: Slot): readonly string[];
  /** The table `g` that the values make, as a FROM clause; the values are the parameter `sharding_rows`. */
  table(slots: readonly Slot[], types: SlotTypes, template: Statement): string;
  /** An aggregate over the columns of `g`, of the type that it has in one database. */
  merged(aggregate: MergedAggregate, types: SlotTypes): string;
  /** What an order goes by: `written`, unless `value`, a column of `g`, has lost the order of the original. */
  ordered(written: string, value: string, types: SlotTypes): string;
}

/** The type of a slot that was described. */
export function typeOf(slot: Slot, types: SlotTypes): SlotType {
  const type = types.get(slot.name);
  if (!type) throw new TypeError(`The slot ${slot.name} was not described.`);
  return type;
}

/** `COUNT(DISTINCT a, b)` over the merged values. */
export function overValues(aggregate: Extract<MergedAggregate, { kind: 'values' }>, types: SlotTypes): string {
  return `${aggregate.name}(DISTINCT ${aggregate.values.map((write) => write(types)).join(', ')})`;
}

/** The aggregate of a slot as a shard computes it. */
export function partialOf({ kind, argument }: Slot): string {
  const names = { value: '', least: 'MIN', greatest: 'MAX', count: 'COUNT', sum: 'SUM', averaged: 'SUM' } as const;
  return `${names[kind]}(${argument})`;
}
