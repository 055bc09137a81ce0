import type { DataSource, EntityManager, EntityMetadata } from 'typeorm';
import { isMysql, isSqlite } from '../../metadata';
import type { TableFacts } from './facts';
import { mysqlColumns } from './mysql-columns';
import { postgresColumns } from './postgres-columns';
import { sqliteColumns } from './sqlite-columns';

const known = new WeakMap<DataSource, Map<EntityMetadata, TableFacts>>();
const asking = new WeakMap<DataSource, Map<EntityMetadata, Promise<TableFacts>>>();

/** The facts of an entity's table on a shard, if they were asked for before. */
export function knownFacts(source: DataSource, metadata: EntityMetadata): TableFacts | undefined {
  return known.get(source)?.get(metadata);
}

/** Asks a shard's database for the columns of an entity's table, once for each data source. */
export function columnFacts(manager: EntityManager, metadata: EntityMetadata): Promise<TableFacts> {
  const tables = tablesOf(asking, manager.dataSource);
  const facts = tables.get(metadata) ?? ask(manager, metadata);
  tables.set(metadata, facts);
  facts.then(
    (found) => tablesOf(known, manager.dataSource).set(metadata, found),
    // Whoever asked is told of a failure; the next one asks again.
    () => tables.delete(metadata),
  );
  return facts;
}

function tablesOf<T>(all: WeakMap<DataSource, Map<EntityMetadata, T>>, source: DataSource): Map<EntityMetadata, T> {
  const tables = all.get(source) ?? new Map<EntityMetadata, T>();
  all.set(source, tables);
  return tables;
}

function ask(manager: EntityManager, metadata: EntityMetadata): Promise<TableFacts> {
  if (isMysql(manager.dataSource)) return mysqlColumns(manager, metadata);
  return isSqlite(manager.dataSource) ? sqliteColumns(manager, metadata) : postgresColumns(manager, metadata);
}
