import type { DataSource, EntityManager, ObjectLiteral } from 'typeorm';
import type { ShardHandle } from '../../cluster';
import { MergeOrderError, ScatterUnsupportedError } from '../../errors';
import { isMysql, isSqlite } from '../../metadata';
import type { ScatterCall } from '../scatter-call';
import { columnFacts, knownFacts } from './column-facts';
import type { ColumnFacts } from './facts';
import { mysqlKind } from './mysql-kinds';
import { type OrderTerm, readOrder, type TermReading } from './order-terms';
import { postgresKind } from './postgres-kinds';
import type { SortKind } from './sort-kind';
import { sqliteKind } from './sqlite-kinds';

/** A column by which rows are ordered, with how its values are compared. */
export interface SortTerm extends OrderTerm {
  readonly kind: SortKind;
  readonly nullsFirst: boolean;
}

/** By what the rows of a call are ordered on every shard, and merged. */
export interface SortPlan {
  readonly entity: string;
  readonly terms: readonly SortTerm[];
  /** How many of the terms are the builder's own. */
  readonly given: number;
  /** Places among the terms of the primary key's columns, in its order. */
  readonly keyPlaces: readonly number[];
}

type Dialect = 'mysql' | 'sqlite' | 'postgres';

type Facts = readonly (ColumnFacts | undefined)[];

/** What a call's builder orders by, and the data source of the shard that it was made for. */
export interface OrderReading extends TermReading {
  readonly manager: EntityManager;
}

/**
 * Finds by what the rows of a call are ordered, and makes sure that every shard's database orders alike.
 *
 * @throws {ScatterUnsupportedError} for an order by an expression.
 * @throws {MergeOrderError} when shards declare a column differently, or its type has no order.
 */
export async function planSort(call: ScatterCall, reading?: OrderReading): Promise<SortPlan> {
  const { terms, given, keyPlaces, expressions, manager } = reading ?? (await readOrderOf(call));
  const { name: entity } = call.sharding.metadata;
  if (expressions.length > 0) throw new ScatterUnsupportedError(entity, call.operation, 'an order by an expression');
  const facts = await factsOf(call, terms);
  refuseDifferences(call, terms, facts);
  const dialect = dialectOf(manager);
  return { entity, given, keyPlaces, terms: terms.map((term, index) => sortTerm(call, term, facts[0]?.[index], dialect)) };
}

async function readOrderOf(call: ScatterCall): Promise<OrderReading> {
  return call.access.run(call.shards[0] as ShardHandle, async (manager) => ({ ...readOrder(call.recipe(manager)), manager }));
}

/** What each shard's database says of the terms' columns; without a statement and without waiting once it is known. */
async function factsOf(call: ScatterCall, terms: readonly OrderTerm[]): Promise<readonly Facts[]> {
  const known = call.shards.map(({ current }) => current && knownFactsOf(current, terms));
  if (known.every((facts) => facts !== undefined)) return known;
  return call.access.runAll(call.operation, call.shards, async (manager) => {
    const facts: (ColumnFacts | undefined)[] = [];
    // One after another: the call may have only one connection to the shard.
    for (const { metadata, column } of terms) {
      const own = manager.dataSource.getMetadata(metadata.target);
      facts.push((await columnFacts(manager, own)).get(column.databaseName));
    }
    return facts;
  });
}

function knownFactsOf(source: DataSource, terms: readonly OrderTerm[]): Facts | undefined {
  const facts: (ColumnFacts | undefined)[] = [];
  for (const { metadata, column } of terms) {
    const table = knownFacts(source, source.getMetadata(metadata.target));
    if (!table) return undefined;
    facts.push(table.get(column.databaseName));
  }
  return facts;
}

function dialectOf({ dataSource }: EntityManager): Dialect {
  if (isMysql(dataSource)) return 'mysql';
  return isSqlite(dataSource) ? 'sqlite' : 'postgres';
}

function refuseDifferences({ sharding, shards }: ScatterCall, terms: readonly OrderTerm[], facts: readonly Facts[]): void {
  for (const [index, term] of terms.entries()) {
    const expected = facts[0]?.[index]?.signature;
    const other = facts.findIndex((each) => each[index]?.signature !== expected);
    if (other < 0) continue;
    const found = facts[other]?.[index]?.signature;
    const reason = `it is "${expected}" on shard ${shards[0]?.name} and "${found}" on shard ${shards[other]?.name}`;
    throw new MergeOrderError(sharding.metadata.name, term.name, reason, 'Declare it alike in all databases.');
  }
}

const KINDS = { mysql: mysqlKind, sqlite: sqliteKind, postgres: postgresKind };

function sortTerm(call: ScatterCall, term: OrderTerm, facts: ColumnFacts | undefined, dialect: Dialect): SortTerm {
  const kind = facts && KINDS[dialect](facts);
  if (!kind) {
    const reason = facts ? `columns of the type ${facts.type} have no order that is known` : 'its table has no such column';
    throw new MergeOrderError(term.metadata.name, term.name, reason, 'Order by another column, or name one shard.');
  }
  if (dialect === 'mysql' && term.nulls)
    throw new ScatterUnsupportedError(call.sharding.metadata.name, call.operation, `${term.nulls}, which MySQL does not know,`);
  return { ...term, kind, nullsFirst: nullsFirst(term, dialect) };
}

/** PostgreSQL takes NULL for greater than everything, the others for less. */
function nullsFirst({ descending, nulls }: OrderTerm, dialect: Dialect): boolean {
  if (nulls) return nulls === 'NULLS FIRST';
  return dialect === 'postgres' ? descending : !descending;
}

/** The plan that gives the rows in the opposite order. */
export function reversed(plan: SortPlan): SortPlan {
  const terms = plan.terms.map((term) => {
    const { nulls } = term;
    const opposite = nulls === 'NULLS FIRST' ? 'NULLS LAST' : 'NULLS FIRST';
    return { ...term, descending: !term.descending, nullsFirst: !term.nullsFirst, ...(nulls && { nulls: opposite as typeof nulls }) };
  });
  return { ...plan, terms };
}

/** What TypeORM's rows are called for the values of a term. */
export function sortAlias(index: number): string {
  return `_sort_${index}`;
}

/** Reads a row's values of the terms. */
export function readSortValues({ terms }: SortPlan, raw: ObjectLiteral, names: readonly string[]): (string | number | null)[] {
  return terms.map(({ kind }, index) => {
    const value: unknown = raw[names[index] as string];
    return value === null || value === undefined ? null : kind.read(value);
  });
}
