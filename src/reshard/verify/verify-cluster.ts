import type { ClusterCore } from '../../cluster';
import { provisionedVersion, readOwnership } from '../../fence';
import type { LiveTopology } from '../../live';
import type { Topology } from '../../topology';
import { type OpenedShard, withSources } from '../with-sources';
import { ownershipFaults } from './ownership-faults';
import { referenceDifferences } from './reference-differences';
import { guardFaults, identityFaults, identityOf } from './shard-faults';
import type { VerifyFault, VerifyReport } from './verify-report';

/** Settings of `cluster.reshard.verify()`. */
export interface VerifyOptions {
  /** Whether rows of reference tables that differ are named, as values of the report. @defaultValue false */
  readonly primaryKeys?: boolean;
  /** Ends the work with its reason. */
  readonly signal?: AbortSignal;
}

/** How often a plan may come to another phase meanwhile before what was found counts all the same. */
const ATTEMPTS = 5;

/**
 * Compares what all databases say of themselves with the topology: their rows of ownership, guards and identities, and the reference tables
 * of all shards that own rows with each other. It changes nothing. Plans and writers may go on meanwhile.
 *
 * @throws {ShardError} when a shard does not answer; {@link TopologyStoreError} when the store does not.
 */
export async function verifyCluster(live: LiveTopology, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { core } = live;
  return withSources([...core.shards.values()], async (opened) => {
    const { faults, topology } = await settledFaults(live, opened, options.signal);
    const owners = opened.filter(({ shard }) => live.core.owners.some(({ name }) => name === shard.name));
    const references = await referenceDifferences(owners, options);
    const differing = references.map(({ shard, table, missing, surplus, different }): VerifyFault => {
      const message = `Reference table ${table} differs from that on the first shard: ${missing} missing, ${surplus} surplus, ${different} different.`;
      return { shard, kind: 'reference', message };
    });
    const all = [...faults, ...differing];
    return { isWell: all.length === 0, version: topology.version, faults: all, references };
  });
}

/** Rows are read before the topology, whose watermarks only fall: so none can seem to be below them. */
async function settledFaults(live: LiveTopology, opened: readonly OpenedShard[], signal: AbortSignal | undefined) {
  let before = await newest(live);
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const read = await Promise.all(opened.map((shard) => readShard(live.core, shard)));
    const topology = await newest(live);
    const isSamePhase = before.plan?.id === topology.plan?.id && before.plan?.phase === topology.plan?.phase;
    if (isSamePhase || attempt === ATTEMPTS) {
      const own = await Promise.all(opened.map((shard, index) => faultsOf(live.core, topology, { shard, read: read[index] as ReadShard })));
      return { topology, faults: [...own.flat(), ...(await identities(live.core, opened))] };
    }
    before = topology;
  }
}

function newest(live: LiveTopology): Promise<Topology> | Topology {
  return live.core.options.isShared ? live.refresh() : live.current;
}

interface ReadShard {
  readonly isProvisioned: boolean;
  readonly rows: ReadonlyMap<string, Awaited<ReturnType<typeof readOwnership>>>;
}

async function readShard(core: ClusterCore, { source, runner }: OpenedShard): Promise<ReadShard> {
  const rows = new Map<string, Awaited<ReturnType<typeof readOwnership>>>();
  if ((await provisionedVersion(source)) === undefined) return { isProvisioned: false, rows };
  for (const { name } of core.model.groups) rows.set(name, await readOwnership(source, runner, name));
  return { isProvisioned: true, rows };
}

async function faultsOf(
  core: ClusterCore,
  topology: Topology,
  { shard: { shard, source }, read }: { readonly shard: OpenedShard; readonly read: ReadShard },
): Promise<readonly VerifyFault[]> {
  const { name } = shard;
  if (!read.isProvisioned) {
    return [{ shard: name, kind: 'notProvisioned', message: 'There are no control tables. Run cluster.reshard.provision().' }];
  }
  const ownership = [...read.rows].flatMap(([group, rows]) => ownershipFaults(topology, group, { shard: name, rows }));
  const guards = await guardFaults(core, topology, source);
  return [
    ...ownership.map((message): VerifyFault => ({ shard: name, kind: 'ownership', message })),
    ...guards.map((message): VerifyFault => ({ shard: name, kind: 'guards', message })),
  ];
}

async function identities(core: ClusterCore, opened: readonly OpenedShard[]): Promise<readonly VerifyFault[]> {
  const found = await Promise.all(opened.map(({ source }) => identityOf(source)));
  return opened.flatMap(({ shard }, index) =>
    identityFaults(core, shard.name, { own: found[index], other: found[0] }).map(
      (message): VerifyFault => ({ shard: shard.name, kind: 'identity', message }),
    ),
  );
}
