import { DeleteResult, type EntityManager, type EntityTarget, type ObjectLiteral, UpdateResult } from 'typeorm';
import { ScatterUnsupportedError, ShardKeyChangedError } from '../errors';
import { maskedWrites, needsMask } from '../live';
import type { ShardedEntity } from '../metadata';
import { canonicalText, cloneOptions, soleKey, type Where } from '../query';
import type { CallRoute, CallRouter, Criteria } from './call-router';
import { splitter } from './find-recipe';

type Target = EntityTarget<ObjectLiteral>;
type WriteCall<R> = (manager: EntityManager, target: Target, shard: string) => Promise<R>;

/** Criteria as TypeORM's manager has checked them: primary keys, or condition objects. */
export interface CheckedCriteria {
  readonly criteria: unknown;
  readonly isPrimitive: boolean;
}

/** Updates what criteria describe. The result sums what the shards did. */
export function updateBy(
  router: CallRouter,
  target: Target,
  checked: CheckedCriteria,
  write: {
    readonly operation: string;
    readonly values?: ObjectLiteral;
    readonly call: (manager: EntityManager, target: Target, criteria: never) => Promise<UpdateResult>;
  },
): Promise<UpdateResult> {
  const route = router.write(write.operation, target, criteriaOf(checked));
  if (write.values) refuseKeyChange(route, write.values, checked);
  const criteriaOn = criteriaSplitter(router, route, checked);
  return runWrites(router, write.operation, route, {
    call: (manager, entity, shard) => write.call(manager, entity, cloneOptions(criteriaOn(shard)) as never),
    merge: sumUpdates,
  });
}

/** Deletes what criteria describe. The result sums what the shards did. */
export function deleteBy(router: CallRouter, target: Target, checked: CheckedCriteria): Promise<DeleteResult> {
  const route = router.write('delete', target, criteriaOf(checked));
  const criteriaOn = criteriaSplitter(router, route, checked);
  return runWrites(router, 'delete', route, {
    call: (manager, entity, shard) => manager.delete(entity, cloneOptions(criteriaOn(shard)) as never),
    merge: sumDeletes,
  });
}

/** Updates every row of an entity. */
export function updateEverything(
  router: CallRouter,
  target: Target,
  values: ObjectLiteral,
  call: WriteCall<UpdateResult>,
): Promise<UpdateResult> {
  const route = router.everywhere(target);
  refuseKeyChange(route, values, undefined);
  return runWrites(router, 'updateAll', route, { call, merge: sumUpdates });
}

/** Deletes every row of an entity. */
export function deleteEverything(router: CallRouter, target: Target): Promise<DeleteResult> {
  return runWrites(router, 'deleteAll', router.everywhere(target), {
    call: (manager, entity) => manager.deleteAll(entity),
    merge: sumDeletes,
  });
}

/** Empties the tables of an entity. */
export async function clearEverything(
  router: CallRouter,
  target: Target,
  options: { readonly cascade?: boolean } | undefined,
): Promise<void> {
  const route = router.everywhere(target);
  if (needsMask(router.core, route.sharding)) {
    throw new ScatterUnsupportedError(
      route.sharding.metadata.name,
      'clear',
      'TRUNCATE, which no trigger sees, while rows move; use deleteAll()',
    );
  }
  await runWrites<void>(router, 'clear', route, {
    call: (manager, entity) => manager.clear(entity, options),
    merge: () => undefined,
  });
}

/** Runs a write on the shards of its route, and puts together what they answered. */
export async function runWrites<R>(
  router: CallRouter,
  operation: string,
  route: CallRoute,
  write: { readonly call: WriteCall<R>; readonly merge: (results: readonly R[]) => R },
): Promise<R> {
  const results = await router.scatter(operation, route, (access) =>
    access.runAll(operation, route.shards, (manager, { name }) =>
      write.call(maskedWrites(router.core, route.sharding, manager), route.sharding.metadata.target, name),
    ),
  );
  const [only] = results;
  if (results.length === 1) return only as R;
  // Copies of a reference table were all written alike, so one of them says how many rows there are.
  return route.sharding.kind === 'reference' ? (only as R) : write.merge(results);
}

/** What concerns each shard of the criteria: of primary keys and of `In` on the shard key only those that it owns. */
function criteriaSplitter(router: CallRouter, route: CallRoute, { criteria, isPrimitive }: CheckedCriteria): (shard: string) => unknown {
  if (!isPrimitive) return splitter(router, route, criteria as Where) ?? (() => criteria);
  if (route.route !== 'some' || route.sharding.kind !== 'sharded') return () => criteria;
  const parts = router.core.splitIds(route.sharding, [criteria].flat());
  return (shard) => parts.get(shard) ?? [];
}

function criteriaOf({ criteria, isPrimitive }: CheckedCriteria): Criteria {
  if (isPrimitive) return { kind: 'ids', ids: [criteria].flat() };
  return { kind: 'where', where: criteria as ObjectLiteral | readonly ObjectLiteral[] };
}

function refuseKeyChange({ sharding }: CallRoute, values: ObjectLiteral, checked: CheckedCriteria | undefined): void {
  if (sharding.kind === 'sharded') refuseNewKey(sharding, values, () => checked && keyNamedBy(sharding, checked));
}

/**
 * A key may be among the values only when the criteria name one key and it is the same.
 *
 * @param named - the canonical text of the one key that the criteria name, if they do.
 */
export function refuseNewKey(sharding: ShardedEntity, values: ObjectLiteral, named: () => string | undefined): void {
  const given = sharding.key.map((key) => key.column.getEntityValue(values, true) ?? values[key.path]);
  if (given.every((value) => value === undefined)) return;
  const wanted = given.includes(undefined) ? undefined : canonicalKeyOf(sharding, given);
  if (wanted !== undefined && named() === wanted) return;
  throw new ShardKeyChangedError(
    sharding.metadata.name,
    sharding.key.map(({ path }) => path),
  );
}

function keyNamedBy(sharding: ShardedEntity, { criteria, isPrimitive }: CheckedCriteria): string | undefined {
  const where = isPrimitive ? { [sharding.metadata.primaryColumns[0]?.propertyPath ?? '']: criteria } : criteria;
  return Array.isArray(where) || Array.isArray(criteria) ? undefined : soleKey(sharding, where as ObjectLiteral, {});
}

function canonicalKeyOf(sharding: ShardedEntity, values: readonly unknown[]): string | undefined {
  return values.some((value) => typeof value === 'function') ? undefined : canonicalText(sharding, values);
}

/** One result for what several shards did. */
export function sumUpdates(results: readonly UpdateResult[]): UpdateResult {
  const total = new UpdateResult();
  total.raw = results.map(({ raw }) => raw);
  total.affected = sumAffected(results);
  total.generatedMaps = results.flatMap(({ generatedMaps }) => generatedMaps);
  return total;
}

/** As {@link sumUpdates}. */
export function sumDeletes(results: readonly DeleteResult[]): DeleteResult {
  const total = new DeleteResult();
  total.raw = results.map(({ raw }) => raw);
  total.affected = sumAffected(results);
  return total;
}

function sumAffected(results: readonly { readonly affected?: number | null }[]): number {
  return results.reduce((sum, { affected }) => sum + (affected ?? 0), 0);
}
