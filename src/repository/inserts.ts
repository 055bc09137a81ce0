import { type EntityManager, type EntityTarget, InsertResult, type ObjectLiteral, type UpsertOptions } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { ConflictPathsError, ShardsFailedError } from '../errors';
import { restFault } from '../live';
import type { ShardedEntity } from '../metadata';
import { append } from '../query';

import type { CallRouter } from './call-router';
import { EntityKeys } from './entity-keys';
import { runInTurn } from './in-turn';

type Target = EntityTarget<ObjectLiteral>;
/** Listeners and subscribers are told of a row that is copied to every shard once; the other copies are written silently. */
type InsertCall = (manager: EntityManager, target: Target, rows: ObjectLiteral[], isSilent?: boolean) => Promise<InsertResult>;

/** Inserts plain values, each on the shard that owns its key. The result is in the order given. */
export function insert(
  router: CallRouter,
  target: Target,
  values: ObjectLiteral | readonly ObjectLiteral[],
  done: InsertDone,
): Promise<InsertResult> {
  return insertRows(router, { operation: 'insert', target, rows: listOf(values), done }, (manager, entity, rows, isSilent) =>
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
  { options, done }: { readonly options: UpsertOptions<ObjectLiteral>; readonly done: InsertDone },
): Promise<InsertResult> {
  const sharding = router.core.shardingOf(target);
  if (sharding.kind === 'sharded') requireKeyInPaths(sharding, options);
  return insertRows(router, { operation: 'upsert', target, rows: listOf(values), done }, (manager, entity, rows) =>
    sharding.kind === 'sharded' ? upsertOnShard(manager, sharding, rows, options) : manager.upsert(entity, rows, options),
  );
}

function listOf(values: ObjectLiteral | readonly ObjectLiteral[]): readonly ObjectLiteral[] {
  return Array.isArray(values) ? values : [values];
}

/** What earlier attempts of an insert have committed: the results of shards, each with the places of its rows. */
export type InsertDone = Map<readonly number[], { readonly shard: string; readonly result: InsertResult }>;

/** Rows that are inserted together. */
export interface Inserting {
  readonly done: InsertDone;
  readonly operation: string;
  readonly target: Target;
  readonly rows: readonly ObjectLiteral[];
}

/** Runs an insert on the shards that own its rows. The result is in the order given. */
export async function insertRows(router: CallRouter, inserting: Inserting, call: InsertCall): Promise<InsertResult> {
  const { operation, target, rows, done } = inserting;
  const sharding = router.core.shardingOf(target);
  const entity = sharding.metadata.target;
  if (sharding.kind === 'reference')
    return runInTurn(router, operation, (manager, { isFirst }) => call(manager, entity, [...rows], !isFirst));
  const keys = new EntityKeys(router.core, router.scope);
  const shardOf = (row: ObjectLiteral) =>
    sharding.kind === 'sharded' ? keys.shardOfInsert(sharding, row) : (router.everywhere(target).shards[0] as ShardHandle);
  const [first] = rows;
  if (first && rows.length === 1) return router.access.run(shardOf(first), (manager) => call(manager, entity, [first]));
  const finished = new Set([...done.keys()].flat());
  const places = placesOf(rows, finished, shardOf);
  const shards = [...places.keys()];
  const placesOn = (shard: ShardHandle) => places.get(shard) ?? [];
  const rowsFor = (shard: ShardHandle) => placesOn(shard).map((index) => rows[index] as ObjectLiteral);
  const route = { sharding, route: 'some', shards, reason: 'The rows name their shards.', isWrite: true } as const;
  const answers = new Map<string, InsertResult>();
  const keep = (names: readonly string[]) => {
    for (const shard of shards)
      if (names.includes(shard.name)) done.set(placesOn(shard), { shard: shard.name, result: answers.get(shard.name) as InsertResult });
  };
  if (shards.length > 0) {
    const work = router.scatter(operation, route, (access) =>
      access.runAll(operation, shards, async (manager, shard) => {
        answers.set(shard.name, await call(manager, entity, rowsFor(shard)));
      }),
    );
    // What was committed on other shards stays, whatever becomes of the rest.
    await work.catch((error: unknown) => {
      if (error instanceof ShardsFailedError) keep(error.succeeded);
      throw restFault(error, { operation, asked: shards.map(({ name }) => name), done: [...done.values()].map(({ shard }) => shard) });
    });
    keep(shards.map(({ name }) => name));
  }
  return done.size === 0
    ? new InsertResult()
    : inOrder(
        [...done.values()].map(({ result }) => result),
        [...done.keys()],
      );
}

/** The places in `rows` of what goes to each shard. */
function placesOf(
  rows: readonly ObjectLiteral[],
  finished: ReadonlySet<number>,
  shardOf: (row: ObjectLiteral) => ShardHandle,
): ReadonlyMap<ShardHandle, number[]> {
  const places = new Map<ShardHandle, number[]>();
  for (const [index, row] of rows.entries()) if (!finished.has(index)) append(places, shardOf(row), index);
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
