import type { EntityMetadata } from 'typeorm';
import type { ShardDataSource } from '../../cluster';
import { ConfigurationError } from '../../errors';
import { fenceDialect, quotedPath } from '../../fence';
import type { EntitySharding, ShardedEntity } from '../../metadata';
import { catalogOf } from './catalog';
import type { CopiedTable, MovableTable } from './movable-table';
import { parentsFirst, referencedTables, selfReferences } from './table-order';
import { tablePosition } from './table-position';

/**
 * The tables of a group that hold rows by key, joining tables included, those that are referred to before those that refer to them.
 * Children of single-table inheritance share their parent's.
 *
 * @param source - what {@link openMoverSource} opened.
 * @throws {ConfigurationError} with every table that cannot be moved: without a primary key, without a position that SQL can tell, or
 *   when tables refer to each other in a circle. TypeError when the source is not a mover's.
 */
export function movableTables(source: ShardDataSource, group: string): readonly MovableTable[] {
  const faults: string[] = [];
  const tables = inOrder(source, ({ sharding }) => sharding.kind === 'sharded' && sharding.group.name === group).map((found) =>
    movableTable(source, found, faults),
  );
  if (faults.length > 0) throw new ConfigurationError(faults);
  return tables.filter((table) => table !== undefined);
}

/**
 * The tables of which every shard has a full copy, those that are referred to first.
 *
 * @throws as {@link movableTables}.
 */
export function referenceTables(source: ShardDataSource): readonly CopiedTable[] {
  const faults: string[] = [];
  const tables = inOrder(source, ({ sharding }) => sharding.kind === 'reference').map((found) => copiedTable(source, found, faults));
  if (faults.length > 0) throw new ConfigurationError(faults);
  return tables;
}

/** A table with the entities that it keeps. */
interface FoundTable {
  readonly sharding: EntitySharding;
  /** The first is the one whose table it is. */
  readonly metadatas: readonly [EntityMetadata, ...EntityMetadata[]];
}

function inOrder(source: ShardDataSource, isWanted: (found: FoundTable) => boolean): readonly FoundTable[] {
  const pairs = [...source.shardings].filter(([{ tableType }]) => tableType !== 'view');
  const found = new Map<string, FoundTable>();
  for (const [metadata, sharding] of pairs.filter(([{ tableType }]) => tableType !== 'entity-child')) {
    const children = pairs.map(([each]) => each).filter((each) => each !== metadata && each.tablePath === metadata.tablePath);
    // The member's own metadata has the partition's suffix.
    const table = { sharding: { ...sharding, metadata } as EntitySharding, metadatas: [metadata, ...children] as const };
    if (isWanted(table)) found.set(metadata.tablePath, table as FoundTable);
  }
  const references = new Map([...found].map(([path, { metadatas }]) => [path, referencedTables(metadatas)] as const));
  return parentsFirst(references).flatMap((path) => found.get(path) ?? []);
}

function movableTable(source: ShardDataSource, found: FoundTable, faults: string[]): MovableTable | undefined {
  const position = tablePosition(source, found.sharding as ShardedEntity);
  const copied = copiedTable(source, found, faults);
  if (typeof position === 'string') {
    faults.push(position);
    return undefined;
  }
  const index = catalogOf(source, copied.path).indexes.get(position.name);
  return { ...copied, position, byPosition: index === undefined ? '' : ` FORCE INDEX (${index})` };
}

function copiedTable(source: ShardDataSource, { metadatas }: FoundTable, faults: string[]): CopiedTable {
  const [metadata] = metadatas;
  const { columns } = catalogOf(source, metadata.tablePath);
  const key = metadata.primaryColumns.flatMap(({ databaseName }) => columns.filter(({ name }) => isSameName(source, name, databaseName)));
  if (key.length === 0 || key.length !== metadata.primaryColumns.length) {
    faults.push(`${metadata.name}: the table ${metadata.tablePath} lacks columns of the primary key, by which its rows are told apart.`);
  }
  return {
    table: bareName(metadata.tableName, source.context.suffix),
    path: metadata.tablePath,
    quotedPath: quotedPath(source, metadata.tablePath),
    columns,
    key,
    selfReferences: selfReferences(metadatas),
  };
}

/** PostgreSQL alone distinguishes names of columns by their case. */
function isSameName(source: ShardDataSource, a: string, b: string): boolean {
  return fenceDialect(source) === 'postgres' ? a === b : a.toLowerCase() === b.toLowerCase();
}

function bareName(table: string, suffix: string): string {
  return suffix !== '' && table.endsWith(suffix) ? table.slice(0, -suffix.length) : table;
}
