import type { EntityManager, EntityMetadata, EntityTarget, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { ShardHandle } from '../../cluster';
import { type EntitySharding, keyValuesOf, storedValue } from '../../metadata';
import { append } from '../../query';
import type { CallRouter } from '../call-router';
import { storedTuple, textOf } from './value-text';

/** The stored values of some columns of each entity, by entity; an entity whose row is gone has none. */
export type ColumnValues = ReadonlyMap<ObjectLiteral, readonly unknown[]>;

/** How many rows one statement names. */
export const CHUNK = 500;

/**
 * Reads columns of entities, from the entities where they show them, else from their rows in one further statement for each shard:
 * the column of a relation, which is no property, or one that was not selected.
 */
export async function valuesOf(
  router: CallRouter,
  metadata: EntityMetadata,
  columns: readonly ColumnMetadata[],
  entities: readonly ObjectLiteral[],
): Promise<ColumnValues> {
  const values = new Map<ObjectLiteral, readonly unknown[]>();
  const hidden: ObjectLiteral[] = [];
  for (const entity of entities) {
    const shown = columns.map((column) => shownBy(column, entity));
    if (shown.includes(undefined)) hidden.push(entity);
    else values.set(entity, storedTuple(columns, shown));
  }
  if (hidden.length === 0) return values;
  const sharding = router.core.shardingOf(metadata.target as EntityTarget<ObjectLiteral>);
  const primary = metadata.primaryColumns;
  const byId = new Map<string | undefined, readonly unknown[]>();
  for (const row of await storedRows(router, sharding, columns, hidden))
    byId.set(textOf(row.slice(0, primary.length)), row.slice(primary.length));
  for (const entity of hidden) {
    const stored = byId.get(idOf(metadata, entity));
    if (stored) values.set(entity, stored);
  }
  return values;
}

/** A column of a lazy relation is no property, and TypeORM would read the relation's, which begins to load it. */
function shownBy(column: ColumnMetadata, entity: ObjectLiteral): unknown {
  const relation = column.isVirtual ? column.relationMetadata : undefined;
  if (!relation?.isLazy) return column.getEntityValue(entity) as unknown;
  const related: unknown = relation.getEntityValue(entity);
  return related instanceof Promise ? undefined : column.referencedColumn?.getEntityValue(related as ObjectLiteral);
}

function idOf(metadata: EntityMetadata, entity: ObjectLiteral): string | undefined {
  return textOf(metadata.primaryColumns.map((column) => column.getEntityValue(entity, true)));
}

/** The primary key and the columns of each entity's row. */
async function storedRows(
  router: CallRouter,
  sharding: EntitySharding,
  columns: readonly ColumnMetadata[],
  entities: readonly ObjectLiteral[],
): Promise<readonly (readonly unknown[])[]> {
  const { metadata } = sharding;
  const target = metadata.target as EntityTarget<ObjectLiteral>;
  const places = placesOf(router, sharding, entities);
  const wanted = [...metadata.primaryColumns, ...columns];
  const answers = await runOn(router, sharding, [...places.keys()], async (manager, shard) => {
    const rows: (readonly unknown[])[] = [];
    for (const ids of chunksOf(idMaps(metadata, places.get(shard) ?? []))) {
      const builder = manager.createQueryBuilder(target, 'stored').withDeleted().select([]);
      rows.push(...(await selectColumns(manager, builder.whereInIds(ids), 'stored', wanted)));
    }
    return rows;
  });
  return answers.flat();
}

/** Runs statements that belong to a find on the shards that are known to need them, within the budget of a call to several. */
export async function runOn<T>(
  router: CallRouter,
  sharding: EntitySharding,
  shards: readonly ShardHandle[],
  call: (manager: EntityManager, shard: ShardHandle) => Promise<readonly T[]>,
): Promise<readonly (readonly T[])[]> {
  const [only] = shards;
  const route = { sharding, route: shards.length === 1 ? 'one' : 'some', shards, reason: 'The rows are known.' } as const;
  if (!only) return [];
  if (shards.length === 1) return [await router.accessTo(route).run(only, (manager) => call(manager, only))];
  return router.scatter('find', route, async (access) => {
    const answers = await access.runAll('find', shards, call);
    access.admitRows(answers.reduce((sum, rows) => sum + rows.length, 0));
    return answers;
  });
}

/** A row may be looked for on every shard only when the entity does not show its key. */
function placesOf(
  router: CallRouter,
  sharding: EntitySharding,
  entities: readonly ObjectLiteral[],
): ReadonlyMap<ShardHandle, ObjectLiteral[]> {
  const places = new Map<ShardHandle, ObjectLiteral[]>();
  const everywhere = router.read(sharding.metadata.target as EntityTarget<ObjectLiteral>, { kind: 'where', where: undefined }).shards;
  for (const entity of entities) {
    const key = sharding.kind === 'sharded' ? keyValuesOf(sharding, entity) : [];
    const isKnown = sharding.kind === 'sharded' && key.every((value) => value !== undefined && value !== null);
    for (const shard of isKnown ? [router.core.ownerOf(sharding, key)] : everywhere) append(places, shard, entity);
  }
  return places;
}

function idMaps(metadata: EntityMetadata, entities: readonly ObjectLiteral[]): readonly ObjectLiteral[] {
  const maps = entities.map((entity) => [idOf(metadata, entity), metadata.getEntityIdMap(entity)] as const);
  const named = maps.flatMap(([text, id]) => (text !== undefined && id ? [[text, id] as const] : []));
  return [...new Map(named).values()];
}

/** Runs a select of columns and answers their stored values. */
export async function selectColumns(
  manager: EntityManager,
  builder: SelectQueryBuilder<ObjectLiteral>,
  alias: string,
  columns: readonly ColumnMetadata[],
): Promise<readonly (readonly unknown[])[]> {
  const { driver } = manager.dataSource;
  for (const [index, { databaseName }] of columns.entries()) {
    builder.addSelect(`${driver.escape(alias)}.${driver.escape(databaseName)}`, `value${index}`);
  }
  const rows: readonly ObjectLiteral[] = await builder.getRawMany();
  return rows.map((row) =>
    columns.map((column, index) => {
      const shown = column.isVirtual ? (column.referencedColumn ?? column) : column;
      return storedValue(shown, driver.prepareHydratedValue(row[`value${index}`], shown));
    }),
  );
}

/** Cuts a list into pieces that one statement can name. */
export function chunksOf<T>(list: readonly T[], size = CHUNK): readonly T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
}
