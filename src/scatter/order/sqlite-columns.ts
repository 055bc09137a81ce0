import type { EntityManager, EntityMetadata } from 'typeorm';
import type { TableFacts } from './facts';

/**
 * Finds how the columns of a SQLite table compare texts. SQLite does not tell a column's collation, so it is asked how the column
 * compares a capital letter and a trailing blank, which tells its three built-in collations apart.
 */
export async function sqliteColumns(manager: EntityManager, metadata: EntityMetadata): Promise<TableFacts> {
  const { driver } = manager.dataSource;
  const columns = metadata.columns.filter(({ isVirtualProperty }) => !isVirtualProperty);
  const names = [...new Set(columns.map(({ databaseName }) => databaseName))];
  const table = metadata.tablePath
    .split('.')
    .map((part) => driver.escape(part))
    .join('.');
  const [row]: readonly Record<string, number>[] = await manager.query(
    `SELECT ${names.map((_, index) => `c${index} = 'A' AS nocase${index}, c${index} = 'a ' AS rtrim${index}`).join(', ')} FROM (` +
      `SELECT ${names.map((name, index) => `${driver.escape(name)} AS c${index}`).join(', ')} FROM ${table} WHERE 0 ` +
      `UNION ALL SELECT ${names.map(() => "'a'").join(', ')})`,
  );
  return new Map(
    names.map((name, index) => {
      const collation = row?.[`nocase${index}`] ? 'NOCASE' : row?.[`rtrim${index}`] ? 'RTRIM' : 'BINARY';
      return [name, { type: '', collation, isBytewise: collation === 'BINARY', signature: collation }];
    }),
  );
}
