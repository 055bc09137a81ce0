import { DeleteResult, type EntityManager, type EntityTarget, type ObjectLiteral, UpdateResult } from 'typeorm';
import { ShardKeyChangedError } from '../errors';
import type { ShardedEntity } from '../metadata';
import { canonicalText, cloneOptions, soleKey } from '../query';
import type { CallRoute, CallRouter, Criteria } from './call-router';

type Target = EntityTarget<ObjectLiteral>;
type WriteCall<R> = (manager: EntityManager, target: Target) => Promise<R>;

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
  return runWrites(router, write.operation, route, {
    call: (manager, entity) => write.call(manager, entity, cloneOptions(checked.criteria) as never),
    merge: sumUpdates,
  });
}

/** Deletes what criteria describe. The result sums what the shards did. */
export function deleteBy(router: CallRouter, target: Target, checked: CheckedCriteria): Promise<DeleteResult> {
  const route = router.write('delete', target, criteriaOf(checked));
  return runWrites(router, 'delete', route, {
    call: (manager, entity) => manager.delete(entity, cloneOptions(checked.criteria) as never),
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
  await runWrites<void>(router, 'clear', router.everywhere(target), {
    call: (manager, entity) => manager.clear(entity, options),
    merge: () => undefined,
  });
}

async function runWrites<R>(
  router: CallRouter,
  operation: string,
  route: CallRoute,
  write: { readonly call: WriteCall<R>; readonly merge: (results: readonly R[]) => R },
): Promise<R> {
  const results = await router.access.runAll(operation, route.shards, (manager) => write.call(manager, route.sharding.metadata.target));
  const [only] = results;
  if (results.length === 1) return only as R;
  // Copies of a reference table were all written alike, so one of them says how many rows there are.
  return route.sharding.kind === 'reference' ? (only as R) : write.merge(results);
}

function criteriaOf({ criteria, isPrimitive }: CheckedCriteria): Criteria {
  if (isPrimitive) return { kind: 'ids', ids: [criteria].flat() };
  return { kind: 'where', where: criteria as ObjectLiteral | readonly ObjectLiteral[] };
}

/** A key may be among the values only when the criteria name one key and it is the same. */
function refuseKeyChange({ sharding }: CallRoute, values: ObjectLiteral, checked: CheckedCriteria | undefined): void {
  if (sharding.kind !== 'sharded') return;
  const given = sharding.key.map((key) => key.column.getEntityValue(values, true));
  if (given.every((value) => value === undefined)) return;
  const wanted = given.includes(undefined) ? undefined : canonicalKeyOf(sharding, given);
  if (checked && wanted !== undefined && keyNamedBy(sharding, checked) === wanted) return;
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

function sumUpdates(results: readonly UpdateResult[]): UpdateResult {
  const total = new UpdateResult();
  total.raw = results.map(({ raw }) => raw);
  total.affected = sumAffected(results);
  total.generatedMaps = results.flatMap(({ generatedMaps }) => generatedMaps);
  return total;
}

function sumDeletes(results: readonly DeleteResult[]): DeleteResult {
  const total = new DeleteResult();
  total.raw = results.map(({ raw }) => raw);
  total.affected = sumAffected(results);
  return total;
}

function sumAffected(results: readonly { readonly affected?: number | null }[]): number {
  return results.reduce((sum, { affected }) => sum + (affected ?? 0), 0);
}
