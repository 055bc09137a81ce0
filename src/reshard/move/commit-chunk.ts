import { LeaseLostError } from '../../errors';
import type { Topology, TopologyState } from '../../topology';
import { patiently } from './change-topology';
import type { Chunk } from './chunk';
import { type MoveContext, PlanEnded } from './move-context';
import { isWaiting, withPlan, withRows } from './plan-edits';

/** The store did not answer: the chunk may be committed now, later, or never. */
export class CommitUnknown extends Error {}

/** Somebody has ended the plan before any of these rows had moved. */
export class ChunkCancelled extends Error {}

/**
 * Commits a chunk: one swap that lowers the watermarks of its rows. After a conflict it goes on only if tokens and watermarks of these
 * rows are what this run made them.
 *
 * @returns the version that has the commit.
 * @throws {CommitUnknown}; {LeaseLostError}, {ChunkCancelled} and {@link TopologyStoreError} when it surely was not stored.
 */
export function commitChunk(context: MoveContext, chunk: Chunk): Promise<number> {
  return context.swaps.runExclusive(async () => {
    for (;;) {
      const expected = context.live.current;
      const state = lowered(context, expected, chunk);
      context.announce('commit', { group: chunk.group, rows: chunk.count });
      const outcome = await context.live.swap(expected, state);
      if (outcome === 'stored') return expected.version + 1;
      if (outcome === 'unknown') throw new CommitUnknown();
      await patiently(() => context.live.refresh(), context.signal);
    }
  });
}

function lowered(context: MoveContext, topology: Topology, chunk: Chunk): TopologyState {
  const { plan } = topology;
  if (plan?.id !== context.planId) throw new PlanEnded();
  const wanted = new Map(chunk.rows.map((each) => [each.row.since, each] as const));
  let found = 0;
  const next = withRows(plan, (row, group) => {
    const mine = group === chunk.group ? wanted.get(row.since) : undefined;
    if (!mine) return row;
    if (row.token !== chunk.token || row.watermark !== mine.upto) throw new LeaseLostError(chunk.parts[0]?.shard ?? '', group);
    if (plan.order === 'cancel' && isWaiting(row)) throw new ChunkCancelled();
    found += 1;
    return { ...row, watermark: mine.from };
  });
  if (found !== chunk.rows.length) throw new PlanEnded();
  return withPlan(topology, next);
}
