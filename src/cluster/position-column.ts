import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { IndexMetadata } from 'typeorm/metadata/IndexMetadata';
import type { ShardedEntity } from '../metadata';
import { positionOf } from '../query';

/**
 * Adds the column that holds a row's position to a shard's metadata of an entity, with an index over position and primary key.
 * It is written with every insert, never updated, and neither selected nor shown on entities.
 */
export function addPositionColumn(dataSource: DataSource, metadata: EntityMetadata, sharding: ShardedEntity, name: string): void {
  if (metadata.tableType === 'entity-child') return;
  const column = new ColumnMetadata({
    entityMetadata: metadata,
    args: { target: metadata.target, mode: 'regular', propertyName: name, options: { type: 'bigint', select: false, update: false } },
  });
  column.build(dataSource);
  column.getEntityValue = positionReader(metadata, sharding);
  metadata.registerColumn(column);
  const index = new IndexMetadata({
    entityMetadata: metadata,
    columns: [column, ...metadata.primaryColumns],
    args: { target: metadata.target, synchronize: true },
  });
  index.build(dataSource.namingStrategy);
  metadata.ownIndices.push(index);
  // Without embedded classes both are one array.
  if (metadata.indices !== metadata.ownIndices) metadata.indices.push(index);
}

/** Text rather than a number, because SQLite's drivers write numbers into the statement, which defeats their statement cache. */
function positionReader(metadata: EntityMetadata, sharding: ShardedEntity): (entity: ObjectLiteral) => string | undefined {
  const columns = sharding.key.map((key) => key.of(metadata));
  return (entity) => {
    const values = columns.map((column) => column.getEntityValue(entity, true));
    if (values.some((value) => value === undefined || value === null)) return undefined;
    return String(positionOf(sharding, values));
  };
}
