import type { ShardedDataSourceOptions } from 'typeorm-sharding';
import type { Settings } from './settings';

/** What the cluster of the shop is made of. Entities are added by `autoLoadEntities`, from each module's `forFeature`. */
export function clusterOptions({ database, shards, synchronize, cursorSecret }: Settings): ShardedDataSourceOptions {
  const shared = { name: 'default', synchronize, scatter: SCATTER, ...(cursorSecret !== undefined && { cursorSecret }) };
  if (database === 'memory') return { ...shared, type: 'sqljs', shards: shards.map(({ name }) => ({ name })) };
  // All servers keep times in UTC, whatever the clock of the machine that this process runs on says.
  return { ...shared, type: 'mariadb', charset: 'utf8mb4', timezone: 'Z', shards: [...shards] };
}

/** What a call to several shards may cost, where it does not say so itself. */
const SCATTER = { maxRows: 2_000, timeoutMs: 5_000 } as const;
