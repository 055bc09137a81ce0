import * as fc from 'fast-check';
import type { DatabaseKind } from '../database';
import { dialectOf } from './columns';
import { type Where, whereOf } from './conditions';
import type { EntityFacts, EntityName, OracleEntities } from './entities';
import { type OrderTerm, orderOf } from './order';
import { type Row, userRow } from './rows';
import { KEYS, nullableValue } from './values';

/** What a query builder is asked at its end; `grouped` and `distinct` are getRawMany of such a builder. */
export type Terminal =
  | 'getMany'
  | 'getOne'
  | 'getOneOrFail'
  | 'getCount'
  | 'getManyAndCount'
  | 'getRawMany'
  | 'getRawOne'
  | 'getExists'
  | 'grouped'
  | 'distinct'
  | 'execute insert'
  | 'execute update'
  | 'execute delete'
  | 'execute softDelete'
  | 'execute restore';

export type AggregateName = 'count' | 'count distinct' | 'sum' | 'min' | 'max' | 'avg';

/** One computed column of a grouped call. */
export interface Aggregate {
  readonly name: AggregateName;
  /** undefined: of rows, `COUNT(*)` */
  readonly column?: string;
  /** Begins with `approximate` where the database itself computes with floats. */
  readonly alias: string;
}

/** A query builder and how it is run. */
export interface BuilderCall {
  readonly family: 'builder';
  readonly operation: Terminal;
  readonly entity: EntityName;
  readonly where?: Where;
  /** How the condition is given: as an object, or as SQL text with parameters. */
  readonly form: 'object' | 'text';
  readonly joins?: readonly string[];
  readonly columns?: readonly string[];
  readonly aggregates?: readonly Aggregate[];
  readonly having?: { readonly aggregate: Aggregate; readonly least: number };
  readonly order?: readonly OrderTerm[];
  readonly page?: { readonly by: 'take' | 'limit'; readonly skip?: number; readonly take: number };
  readonly values?: Row;
  readonly rows?: readonly Row[];
}

const NUMBERS = ['integer', 'bigint', 'decimal', 'double', 'single'];

/** A builder call of one of the terminals, with random parts. */
export function builderCall(kind: DatabaseKind, entities: OracleEntities, ...terminals: readonly Terminal[]): fc.Arbitrary<BuilderCall> {
  return fc.constantFrom(...terminals).chain((operation) =>
    fc.constantFrom(...entitiesFor(operation)).chain((name) => {
      const facts = entities.facts[name];
      const head = {
        family: fc.constant('builder' as const),
        operation: fc.constant(operation),
        entity: fc.constant(name),
        form: fc.constantFrom('object' as const, 'text' as const),
      };
      return fc.record<BuilderCall>({ ...head, ...partsOf(operation, facts, { kind, entities }) } as never, {
        requiredKeys: required(operation) as never[],
      });
    }),
  );
}

function entitiesFor(operation: Terminal): readonly EntityName[] {
  if (operation === 'execute insert') return ['User'];
  if (operation === 'execute softDelete' || operation === 'execute restore') return ['User', 'Note'];
  return ['User', 'User', 'Order', 'Note'];
}

function required(operation: Terminal): readonly (keyof BuilderCall)[] {
  const always = ['family', 'operation', 'entity', 'form'] as const;
  const parts: Partial<Record<Terminal, readonly (keyof BuilderCall)[]>> = {
    getRawMany: ['columns'],
    getRawOne: ['columns', 'order'],
    grouped: ['aggregates', 'columns'],
    distinct: ['columns'],
    'execute insert': ['rows'],
    'execute update': ['values', 'where'],
    'execute delete': ['where'],
    'execute softDelete': ['where'],
    'execute restore': ['where'],
  };
  return [...always, ...(parts[operation] ?? [])];
}

interface Context {
  readonly kind: DatabaseKind;
  readonly entities: OracleEntities;
}

function partsOf(operation: Terminal, facts: EntityFacts, { kind, entities }: Context): Record<string, fc.Arbitrary<unknown>> {
  const where = whereOf(facts, { kind, reach: false });
  if (operation === 'execute insert') return { rows: freshUsers({ kind, entities }) };
  if (operation === 'execute update') return { where, values: someValues(kind, facts) };
  if (operation.startsWith('execute') || operation === 'getExists' || operation === 'getCount') return { where };
  if (operation === 'grouped') return groupedParts(kind, facts);
  const page = pageOf('limit');
  const order = ownOrder(facts, kind);
  if (operation === 'distinct') {
    return { where, columns: fc.subarray(exactColumns(facts), { minLength: 1, maxLength: 2 }), order: order.map(() => []), page };
  }
  if (operation === 'getRawMany' || operation === 'getRawOne') {
    return {
      where,
      columns: fc.subarray(columnsOf(facts), { minLength: 1, maxLength: 3 }),
      order,
      ...(operation === 'getRawMany' && { page }),
    };
  }
  const joins = fc.subarray([...facts.relations], { minLength: 1 });
  return { where, joins, order, ...(!operation.startsWith('getOne') && { page: pageOf('take') }) };
}

function groupedParts(kind: DatabaseKind, facts: EntityFacts): Record<string, fc.Arbitrary<unknown>> {
  const aggregate = aggregateOf(kind, facts);
  return {
    where: whereOf(facts, { kind, reach: false }),
    columns: fc.subarray(exactColumns(facts), { maxLength: 2 }),
    aggregates: fc.uniqueArray(aggregate, { selector: ({ alias }) => alias, minLength: 2, maxLength: 6 }),
    having: fc.record({
      aggregate: aggregate.filter(({ name }) => name !== 'min' && name !== 'max'),
      least: fc.integer({ min: 0, max: 3 }),
    }),
    order: fc.constant([]),
    page: pageOf('limit'),
  };
}

function aggregateOf(kind: DatabaseKind, facts: EntityFacts): fc.Arbitrary<Aggregate> {
  const numbers = facts.columns.filter(({ family }) => NUMBERS.includes(family));
  const ordered = facts.columns.filter(({ family }) => [...NUMBERS, 'time', 'date'].includes(family));
  const named = (name: AggregateName, columns: readonly { readonly property: string; readonly family: string }[]) =>
    fc.constantFrom(...columns).map(({ property, family }): Aggregate => {
      const approximate = isApproximate(kind, name, family) ? `approximate_${family}_` : '';
      return { name, column: property, alias: `${approximate}${name.replace(' ', '_')}_${property}` };
    });
  return fc.oneof(
    fc.constant<Aggregate>({ name: 'count', alias: 'rows_counted' }),
    named('count', facts.columns),
    named('count distinct', facts.columns),
    named('sum', numbers),
    named('min', ordered),
    named('max', ordered),
    named('avg', numbers),
  );
}

/** Floats are added in another order on several shards; SQLite has averages, and sums of decimals, in floats only. */
export function isApproximate(kind: DatabaseKind, aggregate: string, family: string): boolean {
  if (!['sum', 'avg', 'average'].includes(aggregate)) return false;
  const isFloat = family === 'double' || family === 'single';
  return isFloat || (dialectOf(kind) === 'sqlite' && (aggregate !== 'sum' || family === 'decimal'));
}

function pageOf(by: 'take' | 'limit') {
  return fc.record(
    { by: fc.constant(by), skip: fc.integer({ min: 0, max: 6 }), take: fc.integer({ min: 1, max: 8 }) },
    { requiredKeys: ['by', 'take'] },
  );
}

function ownOrder(facts: EntityFacts, kind: DatabaseKind): fc.Arbitrary<readonly OrderTerm[]> {
  return orderOf({ ...facts, reached: [] }, kind);
}

function columnsOf({ columns, primaryKey }: EntityFacts): string[] {
  return [...primaryKey, ...columns.map(({ property }) => property)];
}

/** Columns whose equal values are the same value, so that a group's value is no matter of chance. */
function exactColumns({ columns }: EntityFacts): string[] {
  return columns.filter(({ loose }) => !loose).map(({ property }) => property);
}

function someValues(kind: DatabaseKind, { columns }: EntityFacts): fc.Arbitrary<Row> {
  return fc
    .subarray([...columns], { minLength: 1, maxLength: 3 })
    .chain(
      (chosen) => fc.record(Object.fromEntries(chosen.map((fact) => [fact.property, nullableValue(kind, fact)]))) as fc.Arbitrary<Row>,
    );
}

/** Rows under keys that no data set has. */
function freshUsers({ kind, entities }: Context): fc.Arbitrary<readonly Row[]> {
  const keys = KEYS.slice(0, 8).map((key) => `new ${key}`);
  return fc
    .shuffledSubarray(keys, { minLength: 1, maxLength: 3 })
    .chain((chosen) => fc.tuple(...chosen.map((key) => userRow(kind, entities, key))));
}
