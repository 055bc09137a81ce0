import { type EntityManager, type EntityTarget, InsertResult, type ObjectLiteral, type UpsertOptions } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { ConflictPathsError } from '../errors';
import type { ShardedEntity } from '../metadata';
import { append } from '../query';

import type { CallRouter } from './call-router';
import { EntityKeys } from './entity-keys';
import { runInTurn } from './in-turn';

type Target = EntityTarget<ObjectLiteral>;
/** Listeners and subscribers are told of a row that is copied to every shard once; the other copies are written silently. */
type InsertCall = (manager: EntityManager, target: Target, rows: ObjectLiteral[], isSilent?: boolean) => Promise<InsertResult>;

/** Inserts plain values, each on the shard that owns its key. The result is in the order given. */
export function insert(router: CallRouter, target: Target, values: ObjectLiteral | readonly ObjectLiteral[]): Promise<InsertResult> {
  return insertRows(router, { operation: 'insert', target, rows: listOf(values) }, (manager, entity, rows, isSilent) =>
    isSilent
      ? manager.createQueryBuilder().insert().into(entity).values(rows).callListeners(false).execute()
      : manager.insert(entity, rows),
  );
}

/**
 * Inserts values or updates the rows that they conflict with.
 *
 * @throws {ConflictPathsError} when the conflict paths lack the shard key.
 */
export async function upsert(
  router: CallRouter,
  target: Target,
  values: ObjectLiteral | readonly ObjectLiteral[],
  options: UpsertOptions<ObjectLiteral>,
): Promise<InsertResult> {
  const sharding = router.core.shardingOf(target);
  if (sharding.kind === 'sharded') requireKeyInPaths(sharding, options);
  return insertRows(router, { operation: 'upsert', target, rows: listOf(values) }, (manager, entity, rows) =>
    sharding.kind === 'sharded' ? upsertOnShard(manager, sharding, rows, options) : manager.upsert(entity, rows, options),
  );
}

function listOf(values: ObjectLiteral | readonly ObjectLiteral[]): readonly ObjectLiteral[] {
  return Array.isArray(values) ? values : [values];
}

/** Rows that are inserted together. */
export interface Inserting {
  readonly operation: string;
  readonly target: Target;
  readonly rows: readonly ObjectLiteral[];
}

/** Runs an insert on the shards that own its rows. The result is in the order given. */
export async function insertRows(router: CallRouter, inserting: Inserting, call: InsertCall): Promise<InsertResult> {
  const { operation, target, rows } = inserting;
  const sharding = router.core.shardingOf(target);
  const entity = sharding.metadata.target;
  if (sharding.kind === 'reference')
    return runInTurn(router, operation, (manager, { isFirst }) => call(manager, entity, [...rows], !isFirst));
  const keys = new EntityKeys(router.core, router.scope);
  const shardOf = (row: ObjectLiteral) =>
    sharding.kind === 'sharded' ? keys.shardOfInsert(sharding, row) : (router.everywhere(target).shards[0] as ShardHandle);
  const [first] = rows;
  if (first && rows.length === 1) return router.access.run(shardOf(first), (manager) => call(manager, entity, [first]));
  const places = placesOf(rows, shardOf);
  const shards = [...places.keys()];
  if (shards.length === 0) return new InsertResult();
  const rowsFor = (shard: ShardHandle) => (places.get(shard) ?? []).map((index) => rows[index] as ObjectLiteral);
  const route = { sharding, route: 'some', shards, reason: 'The rows name their shards.', isWrite: true } as const;
  const results = await router.scatter(operation, route, (access) =>
    access.runAll(operation, shards, (manager, shard) => call(manager, entity, rowsFor(shard))),
  );
  return inOrder(results, [...places.values()]);
}

/** The places in `rows` of what goes to each shard. */
function placesOf(rows: readonly ObjectLiteral[], shardOf: (row: ObjectLiteral) => ShardHandle): ReadonlyMap<ShardHandle, number[]> {
  const places = new Map<ShardHandle, number[]>();
  for (const [index, row] of rows.entries()) append(places, shardOf(row), index);
  return places;
}

function inOrder(results: readonly InsertResult[], places: readonly (readonly number[])[]): InsertResult {
  const [only] = results;
  if (only && results.length === 1) return only;
  const merged = new InsertResult();
  // Databases with RETURNING answer a row for each row, others a summary for each statement.
  const isByRow = results.every(({ raw }, shard) => Array.isArray(raw) && raw.length === places[shard]?.length);
  merged.raw = isByRow ? [] : results.map(({ raw }) => raw);
  for (const [shard, indexes] of places.entries()) {
    for (const [place, index] of indexes.entries()) {
      // A builder that does not update its rows answers with none.
      if (results[shard]?.identifiers.length === 0) continue;
      merged.identifiers[index] = results[shard]?.identifiers[place] as ObjectLiteral;
      if (isByRow) merged.raw[index] = results[shard]?.raw[place];
      merged.generatedMaps[index] = results[shard]?.generatedMaps[place] as ObjectLiteral;
    }
  }
  return merged;
}

function requireKeyInPaths(sharding: ShardedEntity, { conflictPaths }: UpsertOptions<ObjectLiteral>): void {
  requireKeyAmong(sharding, Array.isArray(conflictPaths) ? conflictPaths : Object.keys(conflictPaths));
}

/** @throws {ConflictPathsError} when the properties by which conflicts are found lack the shard key. */
export function requireKeyAmong(sharding: ShardedEntity, paths: readonly string[]): void {
  const columns = sharding.metadata.mapPropertyPathsToColumns([...paths]);
  const missing = sharding.key.filter(({ column }) => !columns.includes(column)).map(({ path }) => path);
  if (missing.length > 0) throw new ConflictPathsError(sharding.metadata.name, missing);
}

/**
 * TypeORM's `upsert`, but it never overwrites the columns of the key: MySQL takes a conflict on any unique index for one, so a row
 * with another key could be given this one.
 */
function upsertOnShard(
  manager: EntityManager,
  sharding: ShardedEntity,
  rows: ObjectLiteral[],
  options: UpsertOptions<ObjectLiteral>,
): Promise<InsertResult> {
  const metadata = manager.dataSource.getMetadata(sharding.metadata.target);
  const paths = Array.isArray(options.conflictPaths) ? options.conflictPaths : Object.keys(options.conflictPaths);
  const conflict = metadata.mapPropertyPathsToColumns(paths);
  const keyPaths = sharding.key.map(({ path }) => path);
  const overwrite = metadata.columns.filter(
    (column) =>
      !keyPaths.includes(column.propertyPath) &&
      column.isUpdate &&
      !column.generatedType &&
      rows.some((row) => column.getEntityValue(row) !== undefined),
  );
  const [upsertType = manager.dataSource.driver.supportedUpsertTypes[0]] = options.upsertType ? [options.upsertType] : [];
  const names = (columns: readonly { readonly databaseName: string }[]) => columns.map(({ databaseName }) => databaseName);
  const { skipUpdateIfNoValuesChanged, indexPredicate } = options;
  const inserting = manager.createQueryBuilder().insert().into(metadata.target).values(rows);
  const builder =
    overwrite.length === 0
      ? inserting.orIgnore()
      : inserting.orUpdate(names(overwrite), names(conflict), {
          ...(skipUpdateIfNoValuesChanged !== undefined && { skipUpdateIfNoValuesChanged }),
          ...(indexPredicate !== undefined && { indexPredicate }),
          ...(upsertType && { upsertType }),
        });
  return (options.returning === undefined ? builder : builder.returning(options.returning)).execute();
}
