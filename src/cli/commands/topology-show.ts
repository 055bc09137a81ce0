import type { Shard } from '../../cluster';
import type { ShardedDataSource } from '../../data-source';
import type { ShardingGroup } from '../../metadata';
import type { RoutingTable } from '../../routing';
import type { Topology } from '../../topology';
import type { Answer, Command } from '../command';
import { storedTopology } from '../reshard/stored-topology';
import { addressText } from '../text/address-text';
import { movingFacts, movingText } from '../text/moving-text';
import { table } from '../text/table';

/** Beyond this many the segments of an ordered placement are counted instead of listed for people. */
const LISTED_SEGMENTS = 50;

/** `topology show`: the shards, what each owns, and what is moving. */
export const topologyShow: Command = {
  name: 'topology show',
  summary: 'show the shards, where they are, what share of the keys each owns, and what is moving; connects to no shard',
  examples: ['-d src/cluster.ts topology show', '-d dist/cluster.js topology show --json'],
  run: async ({ cluster }) => {
    await cluster.readEntities();
    return show(cluster, await storedTopology(cluster));
  },
};

function show(cluster: ShardedDataSource, topology: Topology | undefined): Answer {
  const { name } = cluster.core.options;
  const { type } = cluster.options;
  const weightOf = ({ name: shard, weight }: Pick<Shard, 'name' | 'weight'>) => (topology ? (topology.weights[shard] ?? 0) : weight);
  const shards = cluster.shards.map((shard) => ({
    name: shard.name,
    weight: weightOf(shard),
    partition: shard.partition,
    ...shard.address,
  }));
  const groups = cluster.core.model.groups.map((group) => describeGroup(cluster, group, topology));
  const moving = topology ? movingFacts(topology) : null;
  const shardTable = table(cluster.shards, [
    { title: 'shard', cell: (shard) => shard.name },
    { title: 'weight', cell: weightOf },
    { title: 'partition', cell: ({ partition }) => partition },
    { title: 'database', cell: (shard) => addressText(cluster, shard) },
  ]);
  const head = `Cluster ${name} (${type}) of ${shards.length} shard(s)${topology ? `, topology version ${topology.version}` : ''}`;
  const text = [head, shardTable, ...groups.map(groupText), ...(moving ? [movingText(moving)] : [])].join('\n\n');
  const version = topology?.version;
  return { json: { cluster: name, type, version, shards, groups, moving: topology ? moving : undefined }, text };
}

interface GroupFacts {
  readonly name: string;
  readonly placement: string;
  readonly checksum: string;
  /** Of a hashed line, as fractions of it. */
  readonly shares?: readonly { readonly shard: string; readonly share: number }[];
  /** Of a line of keys, which has no length to be a share of. */
  readonly segments?: readonly SegmentFacts[];
}

interface SegmentFacts {
  readonly since: string | null;
  readonly upto: string | null;
  readonly shards: readonly string[];
}

/** By the topology that is in force; of a group that it does not know yet, and where there is none, by the configuration. */
function describeGroup(cluster: ShardedDataSource, { name, placement }: ShardingGroup, topology: Topology | undefined): GroupFacts {
  const table = topology?.tables.get(name) ?? (cluster.routingTables.get(name) as RoutingTable);
  const facts = { name, placement: placement.describe(), checksum: table.checksum };
  if (placement.positions === 'key') return { ...facts, segments: segmentsOf(table) };
  return { ...facts, shares: cluster.shards.map((shard) => ({ shard: shard.name, share: table.share(shard.name) })) };
}

function segmentsOf({ segments }: RoutingTable): readonly SegmentFacts[] {
  const bound = (position: unknown) => (position === null ? null : String(position));
  return segments.map(({ since, upto, rule }) => ({ since: bound(since), upto: bound(upto), shards: rule.shards }));
}

function groupText({ name, placement, checksum, shares, segments }: GroupFacts): string {
  return `Group ${name}: ${placement}, checksum ${checksum}\n${shares ? shareTable(shares) : segmentTable(segments ?? [])}`;
}

function shareTable(shares: readonly { readonly shard: string; readonly share: number }[]): string {
  return table(shares, [
    { title: 'shard', cell: ({ shard }) => shard },
    { title: 'share', cell: ({ share }) => `${(share * 100).toFixed(2)} %` },
  ]);
}

function segmentTable(segments: readonly SegmentFacts[]): string {
  if (segments.length > LISTED_SEGMENTS) return `${segments.length} segments; --json lists them`;
  return table(segments, [
    { title: 'since', cell: ({ since }) => since ?? undefined },
    { title: 'up to', cell: ({ upto }) => upto ?? undefined },
    { title: 'shards', cell: ({ shards }) => shards.join(', ') },
  ]);
}
