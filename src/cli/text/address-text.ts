import type { Shard } from '../../cluster';
import type { ShardedDataSource } from '../../data-source';
import { isSqlite } from '../../metadata';

/** Writes where a shard's database is in a few words, for example `localhost:3306/app`. */
export function addressText(cluster: ShardedDataSource, { address }: Pick<Shard, 'address'>): string {
  const { host, port, socketPath, database, schema, file } = address;
  if (file !== undefined) return file;
  if (cluster.core.options.connect) return 'as connect() says';
  if (isSqlite(cluster)) return 'in memory';
  const place = socketPath ?? (port === undefined ? (host ?? 'localhost') : `${host ?? 'localhost'}:${port}`);
  return [place, database, schema].filter((part) => part !== undefined).join('/');
}
