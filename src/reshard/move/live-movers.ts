import type { LiveTopology } from '../../live';
import type { TopologyPlan } from '../../topology';

/** Clients with a run in this process, and what ends it; where the topology is in memory nobody tells otherwise that they live. */
const running = new Map<string, () => Promise<void>>();

/**
 * Enters a run of this process, until the returned function is called.
 *
 * @param end - ends the run, and answers when it has settled.
 * @returns undefined when the client has one already.
 */
export function enterRun(client: string, end: () => Promise<void>): (() => void) | undefined {
  if (running.has(client)) return undefined;
  running.set(client, end);
  return () => running.delete(client);
}

/** Ends the run of a client, if it has one: it finishes the chunks at hand, and its plan can be resumed. */
export async function endRun(client: string): Promise<void> {
  await running.get(client)?.();
}

/**
 * The tokens whose movers may live: those of other clients that were heard of within lease and refresh. Nothing is safe by this, it only
 * keeps movers out of each other's way.
 *
 * @throws {TopologyStoreError}
 */
export async function liveTokens(live: LiveTopology, { movers }: TopologyPlan): Promise<ReadonlySet<number>> {
  const { isShared, resharding } = live.core.options;
  const clients = isShared
    ? new Set((await live.store.liveClients(resharding.routeLeaseMs + resharding.refreshMs)).map(({ id }) => id))
    : new Set(running.keys());
  return new Set(movers.flatMap(({ token, client }) => (client !== live.id && clients.has(client) ? [token] : [])));
}
