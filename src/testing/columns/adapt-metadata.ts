import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';

/** Changes a shard's own metadata where its tables could not be made by SQLite; no other data source sees it. */
export function adaptMetadata({ entityMetadatas }: DataSource): void {
  for (const { columns } of entityMetadatas) for (const column of columns) adaptColumn(column);
  renameSharedIndices(entityMetadatas);
}

function adaptColumn(column: ColumnMetadata): void {
  const collation = column.type === 'citext' ? 'NOCASE' : column.collation && sqliteCollation(column.collation);
  Object.assign(column, { collation });
  // A set may hold several of its values, and what checks an enum of SQLite allows one.
  if (column.type === 'set') Object.assign(column, { enum: undefined });
}

/** SQLite compares byte for byte, or without regard to the case of ASCII letters. */
function sqliteCollation(collation: string): string | undefined {
  if (/^(binary|nocase|rtrim)$/i.test(collation)) return collation;
  return /_ci(_|$)/i.test(collation) ? 'NOCASE' : undefined;
}

/** Names of indices are a table's in MySQL, and the whole database's in SQLite. */
function renameSharedIndices(entityMetadatas: readonly EntityMetadata[]): void {
  const taken = new Map<string, string>();
  for (const { tableName, indices } of entityMetadatas) {
    for (const index of indices) {
      const owner = taken.get(index.name.toLowerCase()) ?? tableName;
      taken.set(index.name.toLowerCase(), owner);
      if (owner !== tableName) index.name = `${tableName}_${index.name}`;
    }
  }
}
