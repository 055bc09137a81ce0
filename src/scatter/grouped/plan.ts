import type { ScatterUnsupportedError } from '../../errors';
import type { GroupedQuery, OrderItem } from './builder-query';
import type { Dialect, MergedAggregate } from './dialect';
import { type AggregatePart, canonicalOf, type Expression, type Part, textOf } from './expression';
import { keyAt } from './key-match';
import { type Slot, type SlotKind, type SlotTypes, type Stream, slotPrefix } from './slot';

/** Writes a part of the merging statement, once the types are known. */
export type Writer = (types: SlotTypes) => string;

/** How a query is taken apart for the shards and put together again. */
export interface GroupedPlan {
  readonly slots: readonly Slot[];
  /** At least one. */
  readonly streams: readonly Stream[];
  readonly selects: readonly { readonly write: Writer; readonly alias: string }[];
  readonly isDistinct: boolean;
  readonly groupBys: readonly Writer[];
  readonly having: Writer | undefined;
  readonly orders: readonly { readonly write: Writer; readonly direction: string }[];
  readonly page: string;
}

interface Key {
  readonly canonical: string;
  readonly write: Writer;
  /**
   * The key as HAVING has it: MariaDB knows no columns there but those of GROUP BY and of aggregates, and a group's key, an expression of
   * other columns, is the least of its group too.
   */
  readonly writeInHaving: Writer;
}

/** Plans how a query is answered. @throws {ScatterUnsupportedError} for what cannot be merged. */
export function planGrouped(query: GroupedQuery, dialect: Dialect, refuse: (feature: string) => ScatterUnsupportedError): GroupedPlan {
  return new Planner(query, dialect, refuse).plan();
}

class Planner {
  readonly #slots: Slot[] = [];
  readonly #groupSlots: Slot[] = [];
  readonly #aggregates: Slot[] = [];
  readonly #distinct = new Map<string, readonly Slot[]>();
  #keys: readonly Key[] = [];

  constructor(
    readonly query: GroupedQuery,
    readonly dialect: Dialect,
    readonly refuse: (feature: string) => ScatterUnsupportedError,
  ) {}

  plan(): GroupedPlan {
    const { query } = this;
    const hasAggregates = [...query.selects.map(({ expression }) => expression), query.having ?? []].some(hasAggregate);
    const isPlainDistinct = query.isDistinct && query.groupBys.length === 0 && !hasAggregates;
    const keys = isPlainDistinct ? query.selects.map(({ expression }) => expression) : query.groupBys;
    this.#keys = keys.map((expression) => this.#key(expression));
    const selects = query.selects.map(({ expression, alias }) => ({ write: this.#writer(expression), alias }));
    const having = query.having && this.#writer(query.having, 'having');
    // One row needs no order, and an entity's own order names columns that such a query cannot have.
    const isOneRow = hasAggregates && query.groupBys.length === 0;
    const orders = isOneRow ? [] : query.orders.map((order) => ({ write: this.#order(order), direction: order.direction }));
    const groupBys = isPlainDistinct ? [] : this.#keys.map(({ write }) => write);
    const streams = this.#streams();
    return { slots: this.#slots, streams, selects, isDistinct: query.isDistinct, groupBys, having, orders, page: query.page };
  }

  #streams(): readonly Stream[] {
    const streams = [...this.#distinct.values()].map((slots) => ({ keys: [...this.#groupSlots, ...slots], aggregates: [] }));
    const isNeeded = this.#aggregates.length > 0 || streams.length === 0;
    return isNeeded ? [{ keys: this.#groupSlots, aggregates: this.#aggregates }, ...streams] : streams;
  }

  #key(expression: Expression): Key {
    if (hasAggregate(expression)) throw this.refuse('an aggregate as a group');
    if (expression.some(({ kind }) => kind === 'alias')) throw this.refuse('an alias inside of GROUP BY');
    if (!expression.some(({ kind }) => kind === 'column')) throw this.refuse('a constant as a group');
    const write = this.#sent(expression, this.#groupSlots);
    const isOneSlot = isBareColumn(expression) || this.dialect.typesExpressions;
    return { canonical: canonicalOf(expression), write, writeInHaving: isOneSlot ? write : (types) => `MIN${write(types)}` };
  }

  /** The expression's value as the merging statement has it: a slot, or the expression over the slots of its columns. */
  #sent(expression: Expression, slots: Slot[]): Writer {
    if (isBareColumn(expression) || this.dialect.typesExpressions) {
      const slot = this.#slot('value', expression, slots);
      return () => `g.${slot.name}`;
    }
    const pieces = expression.map((part): string => {
      if (part.kind !== 'column') return part.space + part.text;
      return `${part.space}g.${this.#slot('value', [part], slots, true).name}`;
    });
    return () => `(${pieces.join('').trim()})`;
  }

  #slot(kind: SlotKind, expression: Expression, among: Slot[], isByBytes = false): Slot {
    const argument = textOf(expression);
    const known = among.find((slot) => slot.kind === kind && slot.argument === argument && slot.isByBytes === isByBytes);
    if (known) return known;
    const [only] = expression;
    const column = expression.length === 1 && only?.kind === 'column' ? only.column : undefined;
    if (column?.isVirtualProperty) throw this.refuse('a virtual column');
    const slot = { name: `${slotPrefix}${this.#slots.length}`, kind, argument, column, isByBytes };
    this.#slots.push(slot);
    among.push(slot);
    return slot;
  }

  #order({ by }: OrderItem): Writer {
    if ('expression' in by) return this.#writer(by.expression, 'order');
    const selected = this.query.selects.find(({ alias }) => alias === by.alias);
    const value = selected && this.#writer(selected.expression);
    const written = this.dialect.quote(by.alias);
    return (types) => (value ? this.dialect.ordered(written, value(types), types) : written);
  }

  #writer(expression: Expression, place: 'select' | 'having' | 'order' = 'select'): Writer {
    const writers: Writer[] = [];
    for (let index = 0; index < expression.length; ) {
      const key = this.#keys.find(({ canonical }) => keyAt(expression, index, canonical) > 0);
      const length = key ? keyAt(expression, index, key.canonical) : 1;
      const part = expression[index] as Part;
      const write = (place === 'having' ? key?.writeInHaving : key?.write) ?? this.#part(part);
      writers.push((types) => part.space + write(types));
      index += length;
    }
    const join: Writer = (types) =>
      writers
        .map((write) => write(types))
        .join('')
        .trim();
    return place === 'order' ? (types) => this.dialect.ordered(join(types), join(types), types) : join;
  }

  #part(part: Part): Writer {
    if (part.kind === 'aggregate') return this.#aggregate(part);
    if (part.kind === 'column') throw this.refuse(`the column ${part.column.propertyPath} that is not in GROUP BY`);
    return () => part.text;
  }

  #aggregate(part: AggregatePart): Writer {
    const [argument = []] = part.arguments;
    if (argument.some(({ kind }) => kind === 'alias')) throw this.refuse('an alias inside of an aggregate');
    const isExtreme = part.name === 'MIN' || part.name === 'MAX';
    // The least of an expression whose type is not known is taken of its distinct values, from the columns that it is made of.
    const isByValues = part.isDistinct ? !isExtreme : isExtreme && !this.dialect.typesExpressions && !isBareColumn(argument);
    const merged = isByValues ? this.#byValues(part) : this.#bySlots(part, argument);
    return (types) => this.dialect.merged(merged, types);
  }

  #byValues(part: AggregatePart): MergedAggregate {
    const key = part.arguments.map(canonicalOf).join(', ');
    const slots = [...(this.#distinct.get(key) ?? [])];
    const values = part.arguments.map((argument) => this.#sent(argument, slots));
    this.#distinct.set(key, slots);
    return { kind: 'values', name: part.name, values };
  }

  #bySlots(part: AggregatePart, argument: Expression): MergedAggregate {
    const slotOf = (kind: SlotKind) => this.#slot(kind, argument, this.#aggregates);
    if (part.name === 'COUNT') return { kind: 'count', slot: slotOf('count') };
    if (part.name === 'SUM') return { kind: 'sum', slot: slotOf('sum') };
    if (part.name === 'AVG') return { kind: 'average', slot: slotOf('averaged'), count: slotOf('count') };
    return { kind: 'extreme', name: part.name, slot: slotOf(part.name === 'MIN' ? 'least' : 'greatest') };
  }
}

function hasAggregate(expression: Expression): boolean {
  return expression.some(({ kind }) => kind === 'aggregate');
}

function isBareColumn(expression: Expression): boolean {
  return expression.length === 1 && expression[0]?.kind === 'column';
}
