import type { ClusterCore, ShardDataSource } from '../cluster';
import { ControlTablesError, NotInitializedError } from '../errors';
import { arm, brokenGuards, FENCE_SCHEMA_VERSION, type FencedGroup, provision, provisionedVersion, seesGuards, withRunner } from '../fence';
import type { LiveTopology } from '../live';
import type { GroupMove, Topology } from '../topology';
import { armedGroups, fencedGroups } from './fenced-groups';

/** Settings of `cluster.reshard.provision()`. */
export interface ProvisionOptions {
  /** Ends the work between two shards, and the attempts to make guards; it can be called again. */
  readonly signal?: AbortSignal;
}

/**
 * Makes the control tables in every database of the configuration, and each shard's rows of them: what it owns under the placement in
 * force, nothing at all for a shard that joins later. Guards that must stand are installed as well: always with `guard: 'always'`, else
 * those of a plan whose rows move.
 *
 * Needs the right to create tables and triggers. Idempotent, and safe in several processes at once and while a plan runs: rows that are
 * there stay as they are. Cuts that plans left in the rows may differ between shards; rows of slots are the same on all.
 *
 * Before the cluster has started it makes the missing guards of databases that were provisioned, which starts are refused without.
 *
 * @throws {FencePrivilegeError} naming the grant that is missing; {@link ControlTablesError} when tables are of another version;
 *   {@link NotInitializedError} before the start of a cluster that has no stored topology.
 */
export async function provisionCluster(live: LiveTopology, { signal }: ProvisionOptions = {}): Promise<void> {
  const { core } = live;
  if (!core.topology) return restoreGuards(live, signal);
  const { tables, version } = live.current;
  const groups = [...tables].map(([name, table]) => ({ name, table, version }));
  for (const shard of core.shards.values()) {
    signal?.throwIfAborted();
    const source = await shard.open();
    await provision(source, groups);
    await armGuarded(live, source, { topology: live.current, signal });
  }
}

async function restoreGuards(live: LiveTopology, signal: AbortSignal | undefined): Promise<void> {
  const topology = await live.stored();
  if (!topology) throw new NotInitializedError();
  for (const shard of live.core.shards.values()) {
    signal?.throwIfAborted();
    const source = await shard.connect();
    if ((await provisionedVersion(source)) === FENCE_SCHEMA_VERSION) await armGuarded(live, source, { topology, signal });
  }
}

async function armGuarded(
  { core }: LiveTopology,
  source: ShardDataSource,
  { topology, signal }: { readonly topology: Topology; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const groups = guardedGroups(core, topology, source.context.shard);
  if (groups.length > 0) await arm(source, groups, signal && { signal });
}

/**
 * Compares the control tables and guards of every open shard with what they must be, at start-up. A database that was never provisioned
 * is well, and so are guards that are not shown to the user, who may not have made them.
 *
 * @throws {ControlTablesError} when tables are of another version, or when guards are missing or others although rows move, or although
 *   they shall always stand.
 */
export async function checkProvisioned(core: ClusterCore): Promise<void> {
  const { topology } = core;
  const open = [...core.shards.values()].flatMap(({ current }) => current ?? []);
  await Promise.all(open.map((source) => checkShard(source, topology && guardedGroups(core, topology, source.context.shard))));
}

/** The groups whose guards must stand on a shard now; a plan installs none where it moves nothing. */
export function guardedGroups({ options }: ClusterCore, topology: Topology, shard: string): readonly FencedGroup[] {
  if (options.resharding.guard === 'always') return fencedGroups(topology);
  const { plan } = topology;
  if (!plan) return [];
  const hasPart = ({ from, to }: GroupMove) => from.shards.includes(shard) || to.shards.includes(shard);
  return [...plan.moves.values()].some(hasPart) ? fencedGroups(topology, armedGroups(plan)) : [];
}

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
  const broken = await withRunner(source, async (runner) =>
    (await seesGuards(source, runner)) ? brokenGuards(source, runner, groups) : [],
  );
  if (broken.length === 0) return;
  throw new ControlTablesError(
    shard,
    `the triggers that guard ${broken.join(', ')} are not as they must be. ` +
      'Stop the writers of this shard and run cluster.reshard.provision(), also before initialize(), which makes them again',
  );
}
