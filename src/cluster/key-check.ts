import type { EntityMetadata } from 'typeorm';
import { collationPads, type EntitySharding, isMysql, type KeyColumn } from '../metadata';
import type { ShardDataSource } from './shard-data-source';

/**
 * Compares the collations of existing key columns with what routing assumes. A column that ignores trailing blanks is noted, so that
 * keys with trailing blanks are refused.
 *
 * @returns One sentence for each column that compares more loosely than its key is hashed.
 */
export async function checkKeyCollations(
  source: ShardDataSource,
  shardings: ReadonlyMap<EntityMetadata, EntitySharding>,
): Promise<readonly string[]> {
  const keys = textKeys(shardings);
  if (keys.length === 0) return [];
  const collations = await storedCollations(source);
  const faults = keys.map(({ key, table }) => {
    const collation = collations.get(`${table}${source.context.suffix}.${key.databaseName}`);
    if (collation === undefined) return undefined;
    if (collation.pads) key.markPadded();
    if (!collation.loose || key.part.normalize) return undefined;
    return (
      `${key.part.property} on shard "${source.context.shard}" has the collation ${collation.name}, which does not compare byte for byte, so equal keys ` +
      'could lead to different shards. Change the column to a binary collation, or give @ShardKey({ normalize }).'
    );
  });
  return faults.filter((fault) => fault !== undefined);
}

interface StoredCollation {
  readonly name: string;
  readonly loose: boolean;
  readonly pads: boolean;
}

function textKeys(shardings: ReadonlyMap<EntityMetadata, EntitySharding>): readonly { readonly key: KeyColumn; readonly table: string }[] {
  const sharded = [...shardings.values()].flatMap((sharding) => (sharding.kind === 'sharded' ? [sharding] : []));
  return sharded.flatMap(({ key, metadata }) =>
    key.filter(({ part }) => part.type === 'string').map((column) => ({ key: column, table: tableOf(metadata) })),
  );
}

/** With its schema only where the entity declares one; any other table is in the schema of its shard. */
function tableOf({ tableName, tableMetadataArgs: { schema } }: EntityMetadata): string {
  return schema === undefined ? tableName : `${schema}.${tableName}`;
}

async function storedCollations(source: ShardDataSource): Promise<ReadonlyMap<string, StoredCollation>> {
  if (isMysql(source)) return mysqlCollations(source);
  return source.options.type === 'postgres' ? looseOnPostgres(source) : new Map();
}

async function mysqlCollations(source: ShardDataSource): Promise<ReadonlyMap<string, StoredCollation>> {
  const rows: readonly Record<string, string>[] = await source.query(
    'SELECT table_name AS t, column_name AS c, collation_name AS n FROM information_schema.columns ' +
      'WHERE table_schema = DATABASE() AND collation_name IS NOT NULL',
  );
  return new Map(rows.map(({ t, c, n = '' }) => [`${t}.${c}`, { name: n, loose: !/(_bin|^binary)$/i.test(n), pads: collationPads(n) }]));
}

async function looseOnPostgres(source: ShardDataSource): Promise<ReadonlyMap<string, StoredCollation>> {
  const rows: readonly Record<string, string>[] = await source.query(
    'SELECT n.nspname AS s, n.nspname = COALESCE($1, current_schema()) AS own, c.relname AS t, a.attname AS c, co.collname AS n ' +
      'FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace ' +
      'JOIN pg_collation co ON co.oid = a.attcollation WHERE NOT co.collisdeterministic',
    [(source.options as { readonly schema?: string }).schema],
  );
  const columns = rows.flatMap(({ s, own, t, c, n }) => [...(own ? [[`${t}.${c}`, n]] : []), [`${s}.${t}.${c}`, n]] as const);
  return new Map(columns.map(([column, name = '']) => [`${column}`, { name, loose: true, pads: false }]));
}
