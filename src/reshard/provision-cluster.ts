import type { ClusterCore, ShardDataSource } from '../cluster';
import { ControlTablesError } from '../errors';
import { arm, FENCE_SCHEMA_VERSION, type FencedGroup, guardState, provision, provisionedVersion } from '../fence';
import type { LiveTopology } from '../live';
import type { Topology } from '../topology';
import { fencedGroups } from './fenced-groups';

/** Settings of `cluster.reshard.provision()`. */
export interface ProvisionOptions {
  /** Ends the work between two shards, and the attempts to make guards; it can be called again. */
  readonly signal?: AbortSignal;
}

/**
 * Makes the control tables in every database of the configuration, and each shard's rows of them: what it owns under the placement in
 * force, nothing at all for a shard that joins later. With `guard: 'always'` the guards are installed as well.
 *
 * Needs the right to create tables and triggers. Idempotent, and safe in several processes at once and while a plan runs: rows that are
 * there stay as they are. Cuts that plans left in the rows may differ between shards; rows of slots are the same on all.
 *
 * @throws {FencePrivilegeError} naming the grant that is missing; {@link ControlTablesError} when tables are of another version.
 */
export async function provisionCluster(live: LiveTopology, { signal }: ProvisionOptions = {}): Promise<void> {
  const { core, current } = live;
  const groups = [...current.tables].map(([name, table]) => ({ name, table, version: current.version }));
  for (const shard of core.shards.values()) {
    signal?.throwIfAborted();
    const source = await shard.open();
    await provision(source, groups);
    if (core.options.resharding.guard === 'always') await arm(source, fencedGroups(current), signal && { signal });
  }
}

/**
 * Compares the control tables and guards of every open shard with what they must be, at start-up. A database that was never provisioned
 * is well.
 *
 * @throws {ControlTablesError} when tables are of another version, or when guards are missing or others although rows move, or although
 *   they shall always stand.
 */
export async function checkProvisioned(core: ClusterCore): Promise<void> {
  const { topology } = core;
  const open = [...core.shards.values()].flatMap(({ current }) => current ?? []);
  await Promise.all(open.map((source) => checkShard(source, topology && guardedGroups(core, topology))));
}

/** The groups whose guards must stand now. */
export function guardedGroups({ options }: ClusterCore, topology: Topology): readonly FencedGroup[] {
  if (options.resharding.guard === 'always') return fencedGroups(topology);
  const { plan } = topology;
  return plan && ARMED.has(plan.phase) ? fencedGroups(topology, plan.moves.keys()) : [];
}

/** Guards are being made in `preparing` and dropped in `disarming`. */
const ARMED: ReadonlySet<string> = new Set(['announced', 'moving', 'cleaning']);

async function checkShard(source: ShardDataSource, groups: readonly FencedGroup[] = []): Promise<void> {
  const { shard } = source.context;
  const version = await provisionedVersion(source);
  if (version === undefined) return;
  if (version !== FENCE_SCHEMA_VERSION) {
    throw new ControlTablesError(
      shard,
      `they have version ${version}, and this library reads version ${FENCE_SCHEMA_VERSION}. Use the version of the library that made them`,
    );
  }
  if (groups.length === 0) return;
  const { guards } = await guardState(source, groups);
  const faulty = guards.filter(({ condition }) => condition !== 'armed').map(({ table, condition }) => `${table} (${condition})`);
  if (faulty.length === 0) return;
  throw new ControlTablesError(
    shard,
    `the triggers that guard ${[...new Set(faulty)].join(', ')} are not as they must be. ` +
      'Stop the writers of this shard and run cluster.reshard.provision() with guard: "always", or cluster.reshard.resume() while a plan runs',
  );
}
