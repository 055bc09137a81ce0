import { join } from 'node:path';
import type { DataSourceOptions } from 'typeorm';
import { hashRing, ShardedDataSource, type ShardedDataSourceOptions, type SqlTopologyOptions, sqlTopology } from 'typeorm-sharding';
import type { ClusterDescription } from './databases/chaos-databases';
import { entities } from './rows/entities';

const LIBRARY = join(__dirname, '..', '..', '..', 'dist');

interface Internals {
  readonly hashPosition: (text: string) => number;
  readonly readTopology: (stored: object) => TopologyView;
}

/** Parts of the build that the package does not export. */
export const internals = Object.assign(
  {},
  require(join(LIBRARY, 'topology')),
  require(join(LIBRARY, 'routing', 'hash-position')),
) as Internals;

/** The times of the trial: short, so that pauses beyond all of them are cheap. */
export const times = {
  routeLeaseMs: 800,
  refreshMs: 100,
  staleRetryMs: 8_000,
  graceMs: 1_800,
  idleTimeoutMs: 1_000,
  disarmMarginMs: 200,
};

/** Longer than any time after which a silent process counts as gone. */
export const beyondTimeoutsMs = times.routeLeaseMs + times.idleTimeoutMs + times.disarmMarginMs + 700;

/** Makes the cluster as every process of the trial sees it. */
export function chaosCluster({ type, shards, topology, more }: ClusterDescription, options: object = {}): ShardedDataSource {
  return new ShardedDataSource({
    type,
    name: 'chaos',
    shards,
    poolSize: 6,
    entities,
    topology: sqlTopology({ ...topology, pollMs: 100, timeoutMs: 3_000 } as SqlTopologyOptions),
    resharding: times,
    ...more,
    ...options,
  } as unknown as ShardedDataSourceOptions);
}

/** What a plain data source needs to reach one shard. */
export function plainOptions(
  { type, more }: ClusterDescription,
  { name: _name, weight: _weight, ...shard }: object & { name?: unknown; weight?: unknown },
): DataSourceOptions {
  return { type, ...more, ...shard } as unknown as DataSourceOptions;
}

/** What is stored of the topology, as far as the trial reads it. */
export interface TopologyView {
  readonly version: number;
  readonly plan: {
    readonly phase: string;
    readonly moves: ReadonlyMap<
      string,
      { readonly rows: readonly { readonly since: number; readonly upto: number; readonly watermark: number; readonly token: number }[] }
    >;
  } | null;
  readonly tables: ReadonlyMap<string, { readonly shards: readonly string[] }>;
  readonly routes: ReadonlyMap<string, { readonly shards: readonly string[]; ownerOf(position: number): string }>;
}

/** The newest topology that the cluster knows. */
export function topologyOf(cluster: ShardedDataSource): TopologyView {
  return (cluster as unknown as { readonly live: { readonly current: TopologyView } }).live.current;
}

/** The share that the third shard is given: a few slots of the ring, so that a run takes seconds. */
export const addedWeight = 0.01;

const members = ['s1', 's2'].map((name) => ({ name, weight: 1 }));
const before = hashRing().compile(members);
const after = hashRing().compile([...members, { name: 's3', weight: addedWeight }], before);

/** The first key of a series that lies, or does not lie, in a slot that the third shard is given. */
export function keyInSlots(name: string, isMoving: boolean): string {
  for (let number = 0; ; number++) {
    const id = `${name}-${number}`;
    if ((after.ownerOf(internals.hashPosition(id)) === 's3') === isMoving) return id;
  }
}
