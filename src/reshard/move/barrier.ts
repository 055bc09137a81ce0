import type { LiveClient, TopologyPlan } from '../../topology';
import { patiently } from './change-topology';
import type { MoveContext } from './move-context';
import { pause } from './throttle';

/** How often it is asked who has acknowledged, at most, in milliseconds. */
const LOOK_MS = 100;

/** Waits until every live client routes by the announced version and is connected to the shards that rows move to. */
export async function awaitClients(context: MoveContext): Promise<void> {
  const waiter = {};
  try {
    for (;;) {
      const blocking = await blockingClients(context, context.plan);
      if (blocking.length === 0 || context.plan.order === 'cancel') return;
      context.progress.waits(waiter, `${blocking.length} client(s) to acknowledge the plan: ${blocking.join(', ')}`);
      await pause(Math.min(LOOK_MS, context.live.core.options.resharding.refreshMs), context.signal);
      await patiently(() => context.live.refresh(), context.signal);
    }
  } finally {
    context.progress.waits(waiter, undefined);
  }
}

/** The clients that keep a plan from moving rows; where the topology is in memory, this process while calls from before still run. */
export async function blockingClients({ live }: Pick<MoveContext, 'live'>, plan: TopologyPlan): Promise<readonly string[]> {
  const { isShared, resharding } = live.core.options;
  if (!isShared) return live.held.acknowledged(live.current.version) >= plan.announcedVersion ? [] : [live.id];
  const clients = await patiently(() => live.store.liveClients(resharding.routeLeaseMs + resharding.idleTimeoutMs));
  const targets = new Set([...plan.moves.values()].flatMap(({ to }) => to.shards));
  return clients.filter((client) => !hasAcknowledged(client, plan.announcedVersion, targets)).map(({ id }) => id);
}

function hasAcknowledged({ version, connected }: LiveClient, announced: number, targets: ReadonlySet<string>): boolean {
  const open = new Set(connected);
  return version >= announced && [...targets].every((target) => open.has(target));
}
