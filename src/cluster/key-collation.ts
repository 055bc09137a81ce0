import type { DataSource, EntityMetadata } from 'typeorm';
import { type EntitySharding, isMysql } from '../metadata';

/**
 * Gives string key columns for which no collation is declared a binary one that does not ignore trailing blanks, so that the
 * database compares keys as they are hashed. Columns that refer to a key column get the same, since a foreign key wants it.
 */
export function collateKeys(shardings: ReadonlyMap<EntityMetadata, EntitySharding>, collation: string): void {
  for (const [metadata, sharding] of shardings) {
    if (sharding.kind !== 'sharded') continue;
    for (const key of sharding.key.filter(({ part }) => part.type === 'string')) collate(key.of(metadata), collation);
  }
  for (const { columns } of shardings.keys()) {
    for (const column of columns) if (column.referencedColumn?.collation === collation) collate(column, collation);
  }
}

/** Finds the collation that compares byte for byte on this server; undefined where the default does already. */
export async function binaryCollation(dataSource: DataSource): Promise<string | undefined> {
  if (!isMysql(dataSource)) return undefined;
  const runner = dataSource.createQueryRunner();
  try {
    const [row] = await runner.query('SELECT VERSION() AS version');
    const version: string = row.version;
    if (/mariadb/i.test(version)) return 'utf8mb4_nopad_bin';
    return Number.parseInt(version, 10) >= 8 ? 'utf8mb4_0900_bin' : 'utf8mb4_bin';
  } finally {
    await runner.release();
  }
}

function collate(column: { collation?: string; charset?: string }, collation: string): void {
  if (column.collation) return;
  column.collation = collation;
  column.charset = 'utf8mb4';
}
