import * as fc from 'fast-check';
import type { DatabaseKind } from '../database';
import { type Where, whereOf } from './conditions';
import type { EntityFacts, EntityName, OracleEntities } from './entities';
import { type OrderTerm, orderOf } from './order';

/** Operations whose arguments are find options or a condition. */
export type FindOperation =
  | 'find'
  | 'findBy'
  | 'findAndCount'
  | 'findAndCountBy'
  | 'findOne'
  | 'findOneBy'
  | 'findOneOrFail'
  | 'findOneByOrFail'
  | 'count'
  | 'countBy'
  | 'exists'
  | 'existsBy'
  | 'sum'
  | 'average'
  | 'minimum'
  | 'maximum'
  | 'findPage'
  | 'iterate';

/** Find options as data. */
export interface FindSpec {
  readonly where?: Where;
  readonly order?: readonly OrderTerm[];
  readonly skip?: number;
  readonly take?: number;
  /** Own columns beside the primary key. */
  readonly select?: readonly string[];
  readonly relations?: readonly string[];
  readonly strategy?: 'join' | 'query';
  readonly withDeleted?: boolean;
  readonly loadRelationIds?: readonly string[];
  readonly cache?: boolean;
  readonly comment?: boolean;
}

/** A call of a repository or manager that reads. */
export interface FindCall {
  readonly family: 'find';
  readonly operation: FindOperation;
  readonly entity: EntityName;
  readonly via: 'repository' | 'manager' | 'acrossShards';
  readonly options: FindSpec;
  /** What is summed. */
  readonly column?: string;
}

const SUMMED = ['integer', 'bigint', 'decimal', 'double', 'single'];
const BARE: readonly FindOperation[] = ['findBy', 'findAndCountBy', 'findOneBy', 'findOneByOrFail', 'countBy', 'existsBy'];

/** One of some operations with random arguments. */
export function findCall(kind: DatabaseKind, entities: OracleEntities, ...operations: readonly FindOperation[]): fc.Arbitrary<FindCall> {
  const entity = fc.constantFrom<EntityName>('User', 'User', 'User', 'Order', 'Note');
  return fc.tuple(entity, fc.constantFrom(...operations)).chain(([name, operation]) => {
    const facts = entities.facts[name];
    const numbers = facts.columns.filter(({ family }) => SUMMED.includes(family)).map(({ property }) => property);
    return fc.record<FindCall>({
      family: fc.constant('find'),
      operation: fc.constant(operation),
      entity: fc.constant(name),
      via: fc.constantFrom('repository', 'repository', 'manager', 'acrossShards'),
      options: optionsOf(operation, facts, kind),
      ...(isAggregate(operation) && { column: fc.constantFrom(...numbers) }),
    });
  });
}

/** Whether an operation answers a number computed of one column. */
export function isAggregate(operation: FindOperation): boolean {
  return ['sum', 'average', 'minimum', 'maximum'].includes(operation);
}

function optionsOf(operation: FindOperation, facts: EntityFacts, kind: DatabaseKind): fc.Arbitrary<FindSpec> {
  const where = whereOf(facts, { kind, reach: true });
  if (isAggregate(operation)) return fc.record({ where: where.map(ownOnly(facts)) }, { requiredKeys: [] });
  if (BARE.includes(operation)) return fc.record({ where });
  const order = orderOf(facts, kind);
  const relations = fc.record({
    relations: fc.subarray([...facts.relations], { minLength: 1 }),
    strategy: fc.constantFrom('join' as const, 'query' as const),
  });
  if (operation === 'count' || operation === 'exists') {
    return fc.record({ where, withDeleted: fc.boolean() }, { requiredKeys: [] });
  }
  if (operation === 'findPage')
    return fc.record({ where, order, take: fc.integer({ min: 1, max: 6 }) }, { requiredKeys: ['order', 'take'] });
  const one = operation === 'findOne' || operation === 'findOneOrFail';
  const parts = {
    where: one ? where : sometimes(5, where),
    order: sometimes(7, order),
    ...(!one && pageOf(operation)),
    select: sometimes(
      one ? 1 : 3,
      fc.subarray(
        facts.columns.map(({ property }) => property),
        { minLength: 1, maxLength: 4 },
      ),
    ),
    withDeleted: sometimes(3, fc.constant(true)),
    loadRelationIds: sometimes(5, fc.subarray([...facts.relations], { minLength: 1 })),
    cache: sometimes(2, fc.constant(true)),
    comment: sometimes(2, fc.constant(true)),
  };
  const loaded = sometimes(5, relations);
  return fc.tuple(fc.record(parts), loaded).map(([options, related]) => settled(operation, { ...options, ...related }));
}

/** TypeORM needs a take for a skip on MySQL. */
function pageOf(operation: FindOperation) {
  const skip = fc.constantFrom(1, 0, 2, 3, 5, 8);
  const take = fc.constantFrom(1, 2, 3, 4, 6, 10);
  return { skip: sometimes(7, skip), take: sometimes(operation === 'iterate' ? 3 : 6, take) };
}

/** In so many of ten cases. */
function sometimes<T>(tenths: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 10 - tenths, arbitrary: fc.constant(undefined) }, { weight: tenths, arbitrary });
}

/** Leaves out what is undefined and what TypeORM itself refuses or answers differently each time. */
function settled(operation: FindOperation, options: { readonly [K in keyof FindSpec]?: FindSpec[K] | undefined }): FindSpec {
  const { skip, take, order, loadRelationIds, relations } = options;
  // Without an order an iteration may begin with any row.
  const isAny = operation === 'iterate' && order === undefined;
  const page = isAny ? { skip: undefined, take: undefined } : skip !== undefined && take === undefined ? { skip: undefined } : {};
  const ids = loadRelationIds && relations ? { loadRelationIds: undefined } : {};
  const given = Object.entries({ ...options, ...page, ...ids }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as FindSpec;
}

/** A sum over a joined to-many relation counts rows several times, but only conditions on own columns are used for it. */
function ownOnly({ columns, shardKey }: EntityFacts): (where: Where) => Where {
  const own = new Set([...columns.map(({ property }) => property), shardKey]);
  return (where) => where.map((each) => Object.fromEntries(Object.entries(each).filter(([path]) => own.has(path))));
}
