import type { DataSource, EntityManager, FindManyOptions, ObjectLiteral, Repository } from 'typeorm';
import { ShardedDataSource, type ShardedEntityManager, ShardedRepository } from '../../src';
import type { Call } from './calls';
import { toWhere } from './conditions';
import type { EntityFacts, OracleEntities } from './entities';
import type { FindCall, FindSpec } from './find-calls';
import { toFindOrder } from './order';
import { readAll, toStored } from './rows';
import { runBuilder } from './run-builder';
import { walkPages } from './walk-pages';
import { namesKeys, type WriteCall } from './write-calls';

/** What a call answered. */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'written'; readonly affected: unknown; readonly tables: unknown }
  | { readonly kind: 'error'; readonly error: Error };

/** Runs a call on a cluster or an ordinary data source. An error is an answer too. */
export async function runCall(source: DataSource, call: Call, entities: OracleEntities): Promise<Answer> {
  const facts = entities.facts[call.entity];
  try {
    const manager = managerFor(source, call, facts);
    if (call.family === 'find') return { kind: 'value', value: await runFind(manager, call, entities) };
    if (call.family === 'builder' && !call.operation.startsWith('execute')) {
      return { kind: 'value', value: await runBuilder(manager, call, entities) };
    }
    const result = (await (call.family === 'write'
      ? runWrite(manager, call, entities)
      : runBuilder(manager, call, entities))) as ObjectLiteral;
    return { kind: 'written', affected: result?.affected, tables: await readAll(source.manager, entities) };
  } catch (error) {
    return { kind: 'error', error: error as Error };
  }
}

/** Writes that name no shard keys are allowed by `acrossShards()`, which only a cluster has. */
function managerFor(source: DataSource, call: Call, facts: EntityFacts): EntityManager {
  if (!(source instanceof ShardedDataSource)) return source.manager;
  return needsAcross(call, facts) ? (source.manager as ShardedEntityManager).acrossShards() : source.manager;
}

function needsAcross(call: Call, facts: EntityFacts): boolean {
  if (call.family === 'find') return call.via === 'acrossShards';
  if (call.family === 'write') return call.criteria !== undefined && !namesKeys(call, facts);
  return ['execute update', 'execute delete', 'execute softDelete', 'execute restore'].includes(call.operation);
}

async function runFind(manager: EntityManager, call: FindCall, entities: OracleEntities): Promise<unknown> {
  const target = entities.targets[call.entity];
  const options = toFindOptions(call.options, entities.facts[call.entity]);
  const repository = manager.getRepository(target);
  if (call.operation === 'findPage') return walkPages(repository, options);
  if (call.operation === 'iterate') return collect(repository, options);
  const args = argumentsOf(call, options);
  const receiver = (call.via === 'manager' ? manager : repository) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  return receiver[call.operation]!(...(call.via === 'manager' ? [target, ...args] : args));
}

function argumentsOf({ operation, column }: FindCall, options: FindManyOptions<ObjectLiteral>): readonly unknown[] {
  if (column !== undefined) return [column, options.where];
  return operation.includes('By') ? [options.where] : [options];
}

/** Makes TypeORM's find options, with operators of their own since TypeORM writes into them. */
export function toFindOptions(spec: FindSpec, { primaryKey }: EntityFacts): FindManyOptions<ObjectLiteral> {
  const flags = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, true]));
  return {
    ...(spec.where && { where: toWhere(spec.where) }),
    ...(spec.order && { order: toFindOrder(spec.order) as never }),
    ...(spec.skip !== undefined && { skip: spec.skip }),
    ...(spec.take !== undefined && { take: spec.take }),
    ...(spec.select && { select: flags([...primaryKey, ...spec.select]) }),
    ...(spec.relations && { relations: flags(spec.relations) }),
    ...(spec.strategy && { relationLoadStrategy: spec.strategy }),
    ...(spec.withDeleted && { withDeleted: true }),
    ...(spec.loadRelationIds && { loadRelationIds: { relations: [...spec.loadRelationIds] } }),
    // A millisecond: longer, and it would answer with rows from before a write.
    ...(spec.cache && { cache: 1 }),
    ...(spec.comment && { comment: 'from the oracle' }),
  };
}

async function collect(repository: Repository<ObjectLiteral>, options: FindManyOptions<ObjectLiteral>): Promise<readonly ObjectLiteral[]> {
  if (!(repository instanceof ShardedRepository)) return repository.find(options);
  const { iterate } = repository as unknown as { readonly iterate: (options: object) => AsyncIterable<ObjectLiteral> };
  const rows: ObjectLiteral[] = [];
  for await (const row of iterate.call(repository, { ...options, pageRows: 3 })) rows.push(row);
  return rows;
}

async function runWrite(manager: EntityManager, call: WriteCall, entities: OracleEntities): Promise<unknown> {
  const target = entities.targets[call.entity];
  const facts = entities.facts[call.entity];
  const args = writeArguments(call, facts);
  if (call.via === 'manager') {
    return (manager as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[call.operation]!(target, ...args);
  }
  const repository = manager.getRepository(target) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  return repository[call.operation]!(...args);
}

function writeArguments({ operation, criteria = [], values = {}, by, rows = [] }: WriteCall, facts: EntityFacts): readonly unknown[] {
  switch (operation) {
    case 'update':
      return [toWhere(criteria), toStored(values)];
    case 'updateAll':
      return [toStored(values)];
    case 'upsert':
      return [rows.map(toStored), [...facts.primaryKey]];
    case 'increment':
    case 'decrement':
      return [toWhere(criteria), facts.counter, by];
    case 'deleteAll':
    case 'clear':
      return [];
    default:
      return [toWhere(criteria)];
  }
}
