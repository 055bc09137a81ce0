import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { DriverUtils } from 'typeorm/driver/DriverUtils';
import type { Condition } from './keyset';
import { joinsToMany, type SortPlan, type SortTerm, sortAlias } from './order';
import { pruneJoins } from './prune-joins';
import { unpaged } from './unpaged';

type Builder = SelectQueryBuilder<ObjectLiteral>;

/** Which of a shard's rows a statement asks for. */
export interface Stretch {
  /** What narrows the builder's own conditions. */
  readonly condition?: Condition;
  /** The most rows; all by default. */
  readonly limit?: number;
  /** How many rows to leave out before them; only with a limit. */
  readonly offset?: number;
}

/** Makes a builder select sort values alone, in the order of the plan. */
export function selectKeys(builder: Builder, plan: SortPlan, { condition, limit, offset }: Stretch): Builder {
  const { expressionMap } = unpaged(builder);
  narrow(builder, condition);
  uncached(builder);
  expressionMap.relationIdAttributes = [];
  builder.select([]).orderBy();
  pruneJoins(
    builder,
    plan.terms.map(({ expression }) => expression),
  );
  const isDistinct = joinsToMany(builder);
  expressionMap.selectDistinct = isDistinct;
  selectSortValues(builder, plan);
  for (const [index, term] of plan.terms.entries()) {
    // With DISTINCT, databases order only by what is selected.
    if (isDistinct) builder.addSelect(term.expression, `_order_${index}`);
    orderBy(builder, isDistinct ? `_order_${index}` : term.expression, term);
  }
  return limit === undefined ? builder : builder.limit(limit).offset(offset);
}

/** Makes a builder select its rows with their sort values, in the order of the plan. A limit is right only without to-many joins. */
export function selectRows(builder: Builder, plan: SortPlan, { condition, limit, offset }: Stretch): Builder {
  unpaged(builder);
  narrow(builder, condition);
  if (condition || limit !== undefined) uncached(builder);
  selectSortValues(builder, plan);
  // Rows of to-many relations are ordered within their entity by what else the builder orders by.
  const isKept = joinsToMany(builder);
  if (!isKept) builder.orderBy();
  for (const term of isKept ? plan.terms.slice(plan.given) : plan.terms) orderBy(builder, term.expression, term);
  return limit === undefined ? builder : builder.limit(limit).offset(offset);
}

/** Makes a builder select its raw rows with their sort values, in its own order completed by the primary key. */
export function selectRawRows(builder: Builder, plan: SortPlan, limit: number | undefined): Builder {
  selectSortValues(unpaged(builder), plan);
  for (const term of plan.terms.slice(plan.given)) orderBy(builder, term.expression, term);
  return limit === undefined ? builder : builder.limit(limit);
}

/** Makes a builder select the rows that a condition names, with the sort values of their primary keys. */
export function selectNamed(builder: Builder, plan: SortPlan, condition: Condition): Builder {
  unpaged(builder);
  narrow(builder, condition);
  uncached(builder);
  // The order is that of the names; only rows of to-many relations have one among themselves.
  if (!joinsToMany(builder)) builder.orderBy().setOption('disable-global-order');
  return selectSortValues(builder, plan, plan.keyPlaces);
}

/** Selects what is not among the builder's columns as it is. */
function selectSortValues(builder: Builder, { terms }: SortPlan, places: Iterable<number> = terms.keys()): Builder {
  for (const index of places) {
    const term = terms[index] as SortTerm;
    if (columnAlias(builder, term) === undefined) builder.addSelect(term.kind.select(term.expression), sortAlias(index));
  }
  return builder;
}

/** Under which names a builder's raw rows hold the values of the terms. */
export function sortNames(builder: Builder, { terms }: SortPlan): readonly string[] {
  return terms.map((term, index) => columnAlias(builder, term) ?? sortAlias(index));
}

/** The name of a term's column among what TypeORM selects; undefined when it is not there, or not in the form that is needed. */
function columnAlias({ expressionMap, dataSource }: Builder, { kind, alias, column }: SortTerm): string | undefined {
  if (!kind.isPlain || !column.isSelect) return undefined;
  const isSelected = expressionMap.selects.some(({ selection }) => selection === alias);
  return isSelected ? DriverUtils.buildAlias(dataSource.driver, undefined, alias, column.databaseName) : undefined;
}

function orderBy(builder: Builder, expression: string, { descending, nulls }: SortTerm): void {
  builder.addOrderBy(expression, descending ? 'DESC' : 'ASC', nulls);
}

function narrow(builder: Builder, condition: Condition | undefined): void {
  if (!condition) return;
  const { extraAppendedAndWhereCondition: mask } = builder.expressionMap;
  builder.expressionMap.extraAppendedAndWhereCondition = mask ? `(${condition.sql}) AND (${mask})` : condition.sql;
  builder.setParameters(condition.parameters);
}

/** An id of the cache names one statement; these are others, which the cache tells apart by their text. */
function uncached({ expressionMap }: Builder): void {
  expressionMap.cacheId = undefined as unknown as string;
}
