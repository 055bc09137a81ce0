import { ReshardStoppedError } from '../../errors';
import { disarm } from '../../fence';
import { isSqlite } from '../../metadata';
import { fencedGroups } from '../fenced-groups';
import { allEnded } from './apply-mark';
import { narrowPlacements } from './identity-step';
import type { MoveContext } from './move-context';
import { withPlan } from './plan-edits';
import { pause } from './throttle';

/** How often it is looked whether calls from before have ended, in milliseconds. */
const LOOK_MS = 20;

/** All is clean: databases come to accept the new placement only, and clients are waited for. */
export async function beginDisarming(context: MoveContext): Promise<void> {
  await proveRemoved(context);
  await narrowPlacements(context, new Map([...context.plan.moves].map(([group, { to }]) => [group, to] as const)));
  await context.change((topology, plan) =>
    plan.phase === 'cleaning' ? withPlan(topology, { ...plan, phase: 'disarming', finalVersion: topology.version + 1 }) : undefined,
  );
}

/** Waits until no client can send what it routed before, drops the guards if they shall go, and the plan with them. */
export async function endPlan(context: MoveContext): Promise<void> {
  if (context.plan.guard === 'while-resharding') {
    await awaitLateClients(context);
    await disarmShards(context);
  }
  context.announce('finish');
  await context.change((topology) => withPlan(topology, null));
}

/** @throws {ReshardStoppedError} when a shard that shall own nothing of a group any more has rows of it. */
async function proveRemoved(context: MoveContext): Promise<void> {
  for (const [group, { from, to }] of context.plan.moves) {
    for (const name of from.shards.filter((each) => !to.shards.includes(each))) {
      const shard = await context.connections.shard(name);
      for (const { table, quotedPath } of shard.tables(group)) {
        const [row] = await shard.use((runner) => runner.query(`SELECT COUNT(*) AS counted FROM ${quotedPath}`));
        const counted = Number(row.counted);
        if (counted === 0) continue;
        const reason =
          `it owns nothing of group ${group} any more, and table ${table} still has ${counted} row(s) there. ` +
          'Delete or move them by hand; the triggers of the table keep others from it, and resume() makes those again that you drop.';
        throw new ReshardStoppedError(context.planId, 'narrow', name, reason);
      }
    }
  }
}

async function awaitLateClients(context: MoveContext): Promise<void> {
  const { isShared, resharding } = context.live.core.options;
  const { finalVersion } = context.plan;
  if (isShared) {
    const { routeLeaseMs, idleTimeoutMs, disarmMarginMs } = resharding;
    return waiting(context, 'clients that may still route by the plan', () =>
      pause(routeLeaseMs + idleTimeoutMs + disarmMarginMs, context.signal),
    );
  }
  await waiting(context, 'calls that were routed by the plan', async () => {
    while (context.live.held.acknowledged(context.live.current.version) < finalVersion) await pause(LOOK_MS, context.signal);
  });
}

async function waiting(context: MoveContext, reason: string, wait: () => Promise<void>): Promise<void> {
  context.progress.waits(wait, reason);
  try {
    await wait();
  } finally {
    context.progress.waits(wait, undefined);
  }
}

/**
 * Drops the guards of every shard: also of one that was to join and of which a cancelled plan says nothing any more. SQLite cannot end idle
 * connections of other processes, so its guards stay.
 */
async function disarmShards(context: MoveContext): Promise<void> {
  const { core, current } = context.live;
  const groups = fencedGroups(current, context.plan.moves.keys());
  await allEnded(
    [...core.shards.values()].map(async (shard) => {
      const source = await shard.open();
      if (isSqlite(source)) return;
      context.announce('disarm', { shard: shard.name });
      await disarm(source, groups, { signal: context.signal });
    }),
  );
}
