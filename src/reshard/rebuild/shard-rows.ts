import type { ClusterCore, ShardDataSource, ShardHandle } from '../../cluster';
import { ReshardRefusedError } from '../../errors';
import { FENCE_SCHEMA_VERSION, type OwnershipRow, provisionedVersion, readOwnership, withRunner } from '../../fence';

/** What one shard remembers of one group. */
export interface ShardRows {
  readonly shard: string;
  readonly rows: readonly OwnershipRow[];
}

/**
 * Reads what every shard remembers, connecting those that are not open. A shard that was never provisioned owns nothing, as far as it says.
 *
 * @returns by group, in the order of the model.
 * @throws {ReshardRefusedError} when no shard remembers anything, or one has tables of another version; {@link ShardError} when one does
 *   not answer, since without it the rest would be guessed.
 */
export async function readShardRows(core: ClusterCore): Promise<ReadonlyMap<string, readonly ShardRows[]>> {
  const groups = core.model.groups.map(({ name }) => name);
  const found = new Map<string, ShardRows[]>(groups.map((group) => [group, []]));
  for (const shard of core.shards.values()) {
    const source = await shard.connect();
    if (!(await isProvisioned(shard, source))) continue;
    await withRunner(source, async (runner) => {
      for (const group of groups) found.get(group)?.push({ shard: shard.name, rows: await readOwnership(source, runner, group) });
    });
  }
  if ([...found.values()].every((shards) => shards.every(({ rows }) => rows.length === 0))) {
    throw new ReshardRefusedError(['No shard remembers a topology. Start the cluster, which founds one by its configuration.']);
  }
  return found;
}

async function isProvisioned({ name }: ShardHandle, source: ShardDataSource): Promise<boolean> {
  const version = await provisionedVersion(source);
  if (version === undefined || version === FENCE_SCHEMA_VERSION) return version !== undefined;
  throw new ReshardRefusedError([
    `Shard ${name} has control tables of version ${version}; this library reads version ${FENCE_SCHEMA_VERSION}.`,
  ]);
}
