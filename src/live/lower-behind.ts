import type { ClusterCore, ShardHandle } from '../cluster';
import { OwnershipMarks, withRunner } from '../fence';
import type { Position } from '../routing';
import type { Topology } from '../topology';
import type { LiveTopology } from './live-topology';
import { claimsOn } from './secure';

/**
 * Brings the rows of ownership that a call was refused by down to what the topology has committed: their mover may have died, or be slow,
 * between its commit and this. Whatever keeps a row from it now is left to the mover.
 */
export async function lowerBehind(live: LiveTopology, core: ClusterCore): Promise<void> {
  const { plan } = live.current;
  if (!plan) return;
  for (const shard of live.core.owners) {
    for (const { group, positions } of claimsOn(live.core, shard, core.footprint?.groups ?? [])) {
      const [position, other] = positions;
      if (position !== undefined && other === undefined) await lowerOne(live.current, shard, { group, position });
    }
  }
}

async function lowerOne(
  topology: Topology,
  shard: ShardHandle,
  { group, position }: { readonly group: string; readonly position: Position },
): Promise<void> {
  const row = topology.plan?.moves.get(group)?.rows.find(({ since, upto }) => since <= position && position < upto);
  if (!row || position < row.watermark || !shard.current) return;
  const source = shard.current;
  const key = { shard: shard.name, group, since: row.since };
  // The call is made again in any case, and says itself what is wrong with the shard.
  await withRunner(source, (runner) =>
    new OwnershipMarks(source).lower(runner, key, { watermark: row.watermark, version: topology.version }),
  ).catch(() => undefined);
}
