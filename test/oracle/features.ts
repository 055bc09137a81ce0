import type { DatabaseKind } from '../database';
import type { Call } from './calls';
import type { Condition, Where } from './conditions';
import type { Family } from './deck';
import type { FindCall } from './find-calls';
import type { OrderTerm } from './order';

const FIND_FEATURES = [
  ...['find', 'findAndCount', 'findOne', 'findOneOrFail', 'count', 'exists', 'sum', 'average', 'minimum', 'maximum'],
  ...['order', 'order of several columns', 'order in mixed directions', 'order by an embedded column', 'order by a to-one relation'],
  ...['skip', 'take', 'select without the order columns', 'relations joined', 'relations by queries', 'withDeleted', 'loadRelationIds'],
  ...['cache', 'comment', 'through the manager', 'acrossShards'],
  ...['where of several alternatives', 'where of a relation', 'where of an embedded column'],
  ...['is', 'equal', 'in', 'between', 'isNull', 'like', 'iLike', 'not', 'and', 'or'].map((op) => `where ${op}`),
  ...['lessThan', 'lessThanOrEqual', 'moreThan', 'moreThanOrEqual'].map((op) => `where ${op}`),
];

const PROMISED: Readonly<Record<Family, readonly string[]>> = {
  find: FIND_FEATURES,
  write: ['update', 'updateAll', 'delete', 'deleteAll', 'softDelete', 'restore', 'increment', 'decrement', 'upsert', 'clear'],
  builder: [
    ...['getMany', 'getOne', 'getOneOrFail', 'getCount', 'getManyAndCount', 'getRawMany', 'getRawOne', 'getExists', 'grouped', 'distinct'],
    ...['execute insert', 'execute update', 'execute delete', 'execute softDelete', 'execute restore'],
    ...['count', 'count distinct', 'sum', 'min', 'max', 'avg', 'groupBy', 'having', 'order', 'take', 'limit', 'joins'],
    ...['where as object', 'where as text'],
  ].map((name) => `builder ${name}`),
  page: ['findPage'],
  iterate: ['iterate'],
};

/** What a run of these families must have enough of. MariaDB has no NULLS FIRST, and only PostgreSQL an ANY. */
export function promisedFeatures(kind: DatabaseKind, families: readonly Family[]): readonly string[] {
  const ofKind = [...(kind === 'mariadb' ? [] : ['order with nulls']), ...(kind === 'postgres' ? ['where any'] : [])];
  return [...families.flatMap((family) => PROMISED[family]), ...(families.includes('find') ? ofKind : [])];
}

/** Names everything that a call has of what the product promises; the shares of them are the coverage of a run. */
export function featuresOf(call: Call): ReadonlySet<string> {
  const features = new Set<string>([operationOf(call)]);
  const where = call.family === 'find' ? call.options.where : call.family === 'write' ? call.criteria : call.where;
  for (const feature of [...whereFeatures(where), ...(call.family === 'find' ? findFeatures(call) : []), ...builderFeatures(call)]) {
    features.add(feature);
  }
  return features;
}

/** `findBy` and its like are the same feature as what they shorten. */
function operationOf({ family, operation }: Call): string {
  const name = family === 'find' ? operation.replace(/By(?=$|OrFail)/, '') : operation;
  return family === 'builder' ? `builder ${name}` : name;
}

function findFeatures({ options, via }: FindCall): readonly string[] {
  const { order = [], skip, take, select, relations, strategy } = options;
  const hidden = select && order.some(({ path }) => !select.includes(path));
  const flags: Readonly<Record<string, unknown>> = {
    skip: skip,
    take: take,
    'select without the order columns': hidden,
    'relations joined': relations && strategy === 'join',
    'relations by queries': relations && strategy === 'query',
    withDeleted: options.withDeleted,
    loadRelationIds: options.loadRelationIds,
    cache: options.cache,
    comment: options.comment,
    'through the manager': via === 'manager',
    acrossShards: via === 'acrossShards',
  };
  return [...Object.keys(flags).filter((name) => flags[name]), ...orderFeatures(order)];
}

function orderFeatures(order: readonly OrderTerm[]): readonly string[] {
  const directions = new Set(order.map(({ direction }) => direction));
  const flags: Readonly<Record<string, boolean>> = {
    order: order.length > 0,
    'order of several columns': order.length > 1,
    'order in mixed directions': directions.size > 1,
    'order with nulls': order.some(({ nulls }) => nulls !== undefined),
    'order by an embedded column': order.some(({ path }) => path.includes('address.')),
    'order by a to-one relation': order.some(({ path }) => /^(country|user)\./.test(path)),
  };
  return Object.keys(flags).filter((name) => flags[name]);
}

function whereFeatures(where: Where | undefined): readonly string[] {
  if (!where) return [];
  const paths = where.flatMap((each) => Object.keys(each));
  const conditions = where.flatMap((each) => Object.values(each));
  return [
    ...(where.length > 1 ? ['where of several alternatives'] : []),
    ...(paths.some((path) => /^(country|user|orders|notes)\./.test(path)) ? ['where of a relation'] : []),
    ...(paths.some((path) => path.includes('address.')) ? ['where of an embedded column'] : []),
    ...conditions.flatMap((condition) => operatorsOf(condition).map((op) => `where ${op}`)),
  ];
}

function operatorsOf(condition: Condition): readonly string[] {
  if (condition.op === 'not') return ['not', ...operatorsOf(condition.of)];
  if (condition.op === 'and' || condition.op === 'or') return [condition.op, ...condition.of.flatMap(operatorsOf)];
  return [condition.op];
}

function builderFeatures(call: Call): readonly string[] {
  if (call.family !== 'builder') return [];
  const { aggregates = [], columns = [], having, joins, page, where, form } = call;
  return [
    ...aggregates.map(({ name }) => `builder ${name}`),
    ...(call.operation === 'grouped' && columns.length > 0 ? ['builder groupBy'] : []),
    ...(having ? ['builder having'] : []),
    ...(joins ? ['builder joins'] : []),
    ...(page ? [`builder ${page.by}`] : []),
    ...(where ? [`builder where as ${form}`] : []),
    ...orderFeatures(call.order ?? []).map((name) => `builder ${name}`),
  ];
}
