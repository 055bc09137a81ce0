import { hashRing, ShardedDataSource, sqlTopology } from 'typeorm-sharding';
import { UserHomeLayout } from '../layouts/published';

/** How to connect to a database. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

/** Where a cluster is, as its processes tell each other. */
export interface Addresses {
  readonly shards: readonly (Connection & { readonly name: string; readonly weight?: number })[];
  /** Where the topology is stored that all processes share. */
  readonly topology: Connection;
}

/** Shorter than the defaults, so that the example does not take minutes; alike in all processes. */
const TIMES = { routeLeaseMs: 2_000, refreshMs: 200, idleTimeoutMs: 3_000, graceMs: 5_000, disarmMarginMs: 500 };

/** Opens the cluster, and lets layouts be stored in it. @param synchronize - whether to make tables that are missing. */
export async function openCluster({ shards, topology }: Addresses, { synchronize = false } = {}): Promise<ShardedDataSource> {
  const cluster = new ShardedDataSource({
    type: 'mysql',
    entities: [UserHomeLayout],
    synchronize,
    placement: hashRing({ virtualNodes: 160 }),
    shards,
    topology: sqlTopology({ type: 'mysql', ...topology }),
    resharding: TIMES,
  });
  await cluster.initialize();
  UserHomeLayout.use(cluster);
  return cluster;
}
