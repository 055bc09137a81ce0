import type { EntityMetadata, NamingStrategyInterface } from 'typeorm';

/** Makes a naming strategy whose tables end with `suffix`, while column and constraint names stay as the inner strategy gives them. */
export function suffixNaming(inner: NamingStrategyInterface, suffix: string): NamingStrategyInterface {
  const bare = (table: string) => (table.endsWith(suffix) ? table.slice(0, -suffix.length) : table);
  const named: Partial<NamingStrategyInterface> = {
    tableName: (target, custom) => `${inner.tableName(target, custom)}${suffix}`,
    closureJunctionTableName: (table) => `${inner.closureJunctionTableName(bare(table))}${suffix}`,
    joinTableName: (first, second, firstProperty, secondProperty) =>
      inner.joinTableName(bare(first), bare(second), firstProperty, secondProperty),
    joinTableColumnName: (table, property, column) => inner.joinTableColumnName(bare(table), property, column as string),
    joinTableInverseColumnName: (table, property, column) => inner.joinTableInverseColumnName(bare(table), property, column as string),
  };
  return Object.assign(Object.create(inner), named);
}

/** Appends the suffix to the names that a user gave explicitly, which do not pass through a naming strategy. */
export function suffixGivenNames(metadata: EntityMetadata, suffix: string): void {
  const named = [...metadata.indices, ...metadata.uniques, ...metadata.checks, ...metadata.exclusions, ...metadata.foreignKeys];
  for (const item of named) if (item.givenName) item.name = `${item.givenName}${suffix}`;
  for (const column of metadata.ownColumns) {
    if (column.primaryKeyConstraintName) column.primaryKeyConstraintName = `${bareName(column.primaryKeyConstraintName, suffix)}${suffix}`;
  }
}

/** Columns of single-table children are their parent's own, so a name may already have been treated. */
function bareName(name: string, suffix: string): string {
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}
