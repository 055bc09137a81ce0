import type { TopologyPlan } from '../../topology';
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
      const names = blocking.map(({ id, lacks }) => (lacks.length > 0 ? `${id} (not connected to ${lacks.join(', ')})` : id));
      context.progress.waits(waiter, `${names.length} client(s) to acknowledge the plan: ${names.join(', ')}`);
      await pause(Math.min(LOOK_MS, context.live.core.options.resharding.refreshMs), context.signal);
      await patiently(() => context.live.refresh(), context.signal);
    }
  } finally {
    context.progress.waits(waiter, undefined);
  }
}

/** A client that keeps a plan from moving rows. */
export interface BlockingClient {
  readonly id: string;
  /** The shards that rows move to, and it is not connected to. */
  readonly lacks: readonly string[];
}

/** The clients that keep a plan from moving rows; where the topology is in memory, this process while calls from before still run. */
export async function blockingClients({ live }: Pick<MoveContext, 'live'>, plan: TopologyPlan): Promise<readonly BlockingClient[]> {
  const { isShared, resharding } = live.core.options;
  if (!isShared) return live.held.acknowledged(live.current.version) >= plan.announcedVersion ? [] : [{ id: live.id, lacks: [] }];
  const clients = await patiently(() => live.store.liveClients(resharding.routeLeaseMs + resharding.idleTimeoutMs));
  const targets = [...new Set([...plan.moves.values()].flatMap(({ to }) => to.shards))].sort();
  return clients.flatMap(({ id, version, connected }) => {
    const lacks = targets.filter((target) => !connected.includes(target));
    return version >= plan.announcedVersion && lacks.length === 0 ? [] : [{ id, lacks }];
  });
}
