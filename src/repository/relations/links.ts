import type { EntityManager, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import { ShardDataSource, type ShardHandle } from '../../cluster';
import type { EntitySharding } from '../../metadata';
import { append } from '../../query';
import type { CallRouter } from '../call-router';
import { chunksOf, runOn, selectColumns } from './stored-values';
import { textOf } from './value-text';

/** A row of a joining table, seen from the side that has the relation. */
export interface Link {
  /** Text of the columns that name the entity. */
  readonly near: string;
  /** Text of the columns that name the related row. */
  readonly far: string;
  readonly nearValues: readonly unknown[];
  readonly farValues: readonly unknown[];
}

/** The columns of a joining table that name the entity which has the relation, and those that name the related row. */
export function linkColumns(relation: RelationMetadata): {
  readonly near: readonly ColumnMetadata[];
  readonly far: readonly ColumnMetadata[];
} {
  const { ownerColumns = [], inverseColumns = [] } = relation.junctionEntityMetadata ?? {};
  return relation.isOwning ? { near: ownerColumns, far: inverseColumns } : { near: inverseColumns, far: ownerColumns };
}

/** The columns to which columns of a joining table refer. */
export function referenced(columns: readonly ColumnMetadata[]): readonly ColumnMetadata[] {
  return columns.map((column) => column.referencedColumn ?? column);
}

/** Reads the links of entities, from the shards on which they are. */
export async function readLinks(
  router: CallRouter,
  relation: RelationMetadata,
  owners: ReadonlyMap<string, readonly unknown[]>,
): Promise<readonly Link[]> {
  const junction = relation.junctionEntityMetadata && router.core.model.entities.get(relation.junctionEntityMetadata);
  if (!junction) return [];
  const places = linkPlaces(router, relation, junction, [...owners.values()]);
  const answers = await runOn(router, junction, [...places.keys()], (manager, shard) =>
    selectLinks(manager, relation, places.get(shard) ?? []),
  );
  return answers.flat();
}

/** Reads the links of entities on one shard. */
export async function selectLinks(
  manager: EntityManager,
  relation: RelationMetadata,
  owners: readonly (readonly unknown[])[],
): Promise<readonly Link[]> {
  const { near, far } = linkColumns(relation);
  const junction = (manager.dataSource as ShardDataSource).junctionOf(relation);
  const links: Link[] = [];
  for (const chunk of chunksOf(owners)) {
    const builder = manager.createQueryBuilder().select([]).from<ObjectLiteral>(junction.target, 'link');
    const rows = await selectColumns(manager, whereTuples(builder, manager, near, chunk), 'link', [...near, ...far]);
    for (const row of rows) links.push(linkOf(row, near.length));
  }
  return links;
}

/** Adds the condition that the columns have one of the values. */
export function whereTuples<B extends { where(where: string, parameters?: ObjectLiteral): unknown }>(
  builder: B,
  { dataSource: { driver } }: EntityManager,
  columns: readonly ColumnMetadata[],
  tuples: readonly (readonly unknown[])[],
  alias: 'link' | null = 'link',
): B {
  const table = alias === null ? '' : `${driver.escape(alias)}.`;
  const parameters: ObjectLiteral = {};
  if (columns.length === 1) {
    parameters.link_values = tuples.map(([value]) => value);
    builder.where(`${table}${driver.escape(columns[0]?.databaseName ?? '')} IN (:...link_values)`, parameters);
    return builder;
  }
  const conditions = tuples.map((tuple, row) => {
    const parts = columns.map(({ databaseName }, part) => {
      parameters[`link_${row}_${part}`] = tuple[part];
      return `${table}${driver.escape(databaseName)} = :link_${row}_${part}`;
    });
    return `(${parts.join(' AND ')})`;
  });
  builder.where(conditions.join(' OR '), parameters);
  return builder;
}

function linkOf(row: readonly unknown[], near: number): Link {
  const [nearValues, farValues] = [row.slice(0, near), row.slice(near)];
  return { near: textOf(nearValues) ?? '', far: textOf(farValues) ?? '', nearValues, farValues };
}

/** Links are found by the key that stands in them where they are stored beside the entity, else on every shard that has some. */
function linkPlaces(
  { core }: CallRouter,
  relation: RelationMetadata,
  junction: EntitySharding,
  owners: readonly (readonly unknown[])[],
): ReadonlyMap<ShardHandle, (readonly unknown[])[]> {
  const places = new Map<ShardHandle, (readonly unknown[])[]>();
  if (junction.kind === 'reference') return places;
  if (junction.kind === 'unsharded') return places.set(core.shard(junction.shard), [...owners]);
  const { near } = linkColumns(relation);
  const parts = junction.key.map((key) => near.findIndex(({ databaseName }) => databaseName === key.databaseName));
  const isBeside = core.model.leaving.holdsLinks(relation);
  const everywhere = isBeside ? [] : core.everyShard(junction).shards.map((name) => core.shard(name));
  for (const owner of owners) {
    const shards = isBeside
      ? [
          core.ownerOf(
            junction,
            parts.map((part) => owner[part]),
          ),
        ]
      : everywhere;
    for (const shard of shards) append(places, shard, owner);
  }
  return places;
}
