import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from '../../cluster';
import { ConfigurationError } from '../../errors';
import { type FenceDialect, fenceDialect, withRunner } from '../../fence';
import { describeMysqlTable } from './catalog-mysql';
import { describePostgresTable } from './catalog-postgres';
import { describeSqliteTable } from './catalog-sqlite';
import type { TableCatalog } from './copied-column';

/** Reads one table. @returns a sentence that says why its rows cannot be copied. */
type Describe = (runner: QueryRunner, path: string) => Promise<TableCatalog | string>;

const DESCRIBE: Readonly<Record<FenceDialect, Describe>> = {
  mysql: describeMysqlTable,
  postgres: describePostgresTable,
  sqlite: describeSqliteTable,
};

const catalogs = new WeakMap<ShardDataSource, ReadonlyMap<string, TableCatalog>>();

/**
 * Reads the columns of a member's sharded and reference tables from its database and keeps them with the data source, in place of what
 * was read before. From the database rather than from the entities, since other software may have columns there.
 *
 * @throws {ConfigurationError} with every table that is missing or has a column whose values cannot be copied exactly.
 */
export async function readCatalog(source: ShardDataSource): Promise<void> {
  const describe = DESCRIBE[fenceDialect(source)];
  const catalog = new Map<string, TableCatalog>();
  const faults: string[] = [];
  await withRunner(source, async (runner) => {
    for (const path of tablePaths(source)) {
      const table = await describe(runner, path);
      if (typeof table === 'string') faults.push(`Shard ${source.context.shard}, table ${path}: ${table}`);
      else catalog.set(path, table);
    }
  });
  if (faults.length > 0) throw new ConfigurationError(faults);
  catalogs.set(source, catalog);
}

/** What {@link readCatalog} has read of a table. @throws TypeError when it has not. */
export function catalogOf(source: ShardDataSource, path: string): TableCatalog {
  const table = catalogs.get(source)?.get(path);
  if (!table) throw new TypeError(`The columns of ${path} were not read; open the shard with openMoverSource() first.`);
  return table;
}

function tablePaths(source: ShardDataSource): readonly string[] {
  const copied = [...source.shardings].filter(([{ tableType }, { kind }]) => tableType !== 'view' && kind !== 'unsharded');
  return [...new Set(copied.map(([{ tablePath }]) => tablePath))];
}
