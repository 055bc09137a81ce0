import { isSameShardRule, markOf, readOwnership } from '../../fence';
import type { PlanRow, Topology, TopologyPlan, TopologyState } from '../../topology';
import { allEnded, markUntilDone } from './apply-mark';
import { acceptPlacements } from './identity-step';
import { mixedTables } from './mixed-tables';
import type { MoveContext } from './move-context';
import type { MoverShard } from './mover-connections';
import { isMoved, isWaiting, rowsOf, shardsOfPlan, withPlan, withRows } from './plan-edits';
import { partKey } from './row-part';
import { leaseRows, type RowChoice, takeRows } from './take-rows';

/**
 * Ends a plan that was cancelled, when no row of it is half-way: rows of which nothing has moved are brought to rest under their old rule,
 * and what has moved becomes a part of the placement in force.
 */
export async function cancelRest(context: MoveContext): Promise<void> {
  const isMine = ({ token }: PlanRow) => context.tokens.has(token);
  const choose: RowChoice = (plan) => rowsOf(plan).filter((row) => isWaiting(row) && !isMine(row));
  // Before anything has moved shards may lack the rows, and have nothing to set back.
  if (context.plan.phase === 'moving') await takeRows(context, choose);
  else await leaseRows(context, choose);
  await allEnded(
    shardsOfPlan(context.plan).map(async (name) => {
      const shard = await context.connections.shard(name);
      for (const [group, { rows }] of context.plan.moves) await abandonRows(context, shard, { group, rows: rows.filter(isWaiting) });
    }),
  );
  await acceptPlacements(context, mixedTables(context.plan));
  context.announce('place');
  await context.change(placeMixed);
}

async function abandonRows(
  context: MoveContext,
  shard: MoverShard,
  { group, rows }: { readonly group: string; readonly rows: readonly PlanRow[] },
): Promise<void> {
  const { version } = context.live.current;
  const owned = await shard.use((runner) => readOwnership(shard.source, runner, group));
  const moving = new Set(owned.filter(({ oldRule, newRule }) => !isSameShardRule(oldRule, newRule)).map(({ since }) => since));
  const marks = rows
    .filter(({ since }) => moving.has(since))
    .map(({ since, token }) => markOf.abandon(partKey({ group, since }, shard.name), { token, version }));
  await markUntilDone(context, shard, marks, context.signal);
}

function placeMixed(topology: Topology, plan: TopologyPlan): TopologyState | undefined {
  if (plan.phase === 'cleaning') return undefined;
  const tables = mixedTables(plan);
  const weights = rowsOf(plan).some(isMoved) ? { ...topology.weights, ...plan.weights } : topology.weights;
  const rest = withRows(plan, (row) => (isMoved(row) ? row : undefined));
  const moves = new Map([...rest.moves].map(([group, move]) => [group, { ...move, to: tables.get(group) ?? move.to }] as const));
  const next = withPlan(topology, { ...rest, moves, weights, phase: 'cleaning' });
  return { ...next, weights, tables: new Map([...topology.tables, ...tables]) };
}
