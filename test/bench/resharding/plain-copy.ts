import type { ShardedDataSource } from 'typeorm-sharding';

const BATCH_ROWS = 500;

/** Copies so many rows between the two servers with nothing that protects them: pages by key, and an insert of each. */
export async function copyPlainly(cluster: ShardedDataSource, rows: number): Promise<number> {
  const [from, to] = (['s1', 's2'] as const).map((name) => cluster.shard(name).dataSource) as [
    ReturnType<ShardedDataSource['shard']>['dataSource'],
    ReturnType<ShardedDataSource['shard']>['dataSource'],
  ];
  await to.query('CREATE TABLE IF NOT EXISTS plain_copy LIKE account');
  await to.query('TRUNCATE TABLE plain_copy');
  const begun = performance.now();
  let [after, copied] = ['', 0];
  while (copied < rows) {
    const page: Record<string, unknown>[] = await from.query(
      `SELECT id, text, value, _shard_position FROM account WHERE id > ? ORDER BY id LIMIT ${Math.min(BATCH_ROWS, rows - copied)}`,
      [after],
    );
    if (page.length === 0) break;
    await to.query('INSERT INTO plain_copy (id, text, value, _shard_position) VALUES ?', [page.map((row) => Object.values(row))]);
    after = String(page.at(-1)!.id);
    copied += page.length;
  }
  if (copied < rows) throw new Error(`There were only ${copied} of ${rows} rows to copy.`);
  return performance.now() - begun;
}
