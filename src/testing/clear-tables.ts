import type { ShardDataSource } from '../cluster';

/** Empties all tables of a SQLite shard but what the library and TypeORM remember in theirs, at once and past the shard's faults. */
export async function clearTables(source: ShardDataSource): Promise<void> {
  const release = await source.context.lock.acquire();
  try {
    const { databaseConnection } = source.driver as unknown as { readonly databaseConnection: Handle };
    const [found] = databaseConnection.exec(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN (${kept(source)})`);
    const tables = found?.values.map(([name]) => source.driver.escape(String(name))) ?? [];
    const deletes = tables.map((table) => `DELETE FROM ${table};`).join('');
    databaseConnection.exec(`PRAGMA foreign_keys = OFF; BEGIN; ${deletes} COMMIT; PRAGMA foreign_keys = ON`);
  } finally {
    release();
  }
}

interface Handle {
  exec(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[];
}

function kept({ options, metadataTableName }: ShardDataSource): string {
  const names = ['_shard_identity', options.migrationsTableName ?? 'migrations', metadataTableName];
  return names.map((name) => `'${name}'`).join(', ');
}
