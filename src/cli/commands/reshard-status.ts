import type { LiveClient, Topology } from '../../topology';
import type { Answer, Command } from '../command';
import { storedTopology } from '../reshard/stored-topology';
import { movingFacts, movingText } from '../text/moving-text';
import { table } from '../text/table';

/** `reshard status`: what is moving, by what the topology store says. */
export const reshardStatus: Command = {
  name: 'reshard status',
  summary: 'show what is moving, how far it is, and which processes use the cluster; asks the topology store alone',
  examples: ['-d src/cluster.ts reshard status', '-d dist/cluster.js reshard status --json'],
  run: async ({ cluster }) => {
    await cluster.readEntities();
    const topology = await storedTopology(cluster);
    const { routeLeaseMs, idleTimeoutMs } = cluster.core.options.resharding;
    const clients = topology ? await cluster.live.store.liveClients(routeLeaseMs + idleTimeoutMs) : [];
    return statusOf(topology, clients);
  },
};

function statusOf(topology: Topology | undefined, clients: readonly LiveClient[]): Answer {
  const moving = topology ? movingFacts(topology) : null;
  const processes = clients.map(({ id, version, connected }) => ({ client: id, version, connected }));
  const text = [moving ? movingText(moving) : 'Nothing is moving.', ...(processes.length > 0 ? [clientTable(processes)] : [])];
  return { json: { version: topology?.version ?? null, moving, clients: processes }, text: text.join('\n\n') };
}

function clientTable(
  clients: readonly { readonly client: string; readonly version: number; readonly connected: readonly string[] }[],
): string {
  return table(clients, [
    { title: 'client', cell: ({ client }) => client },
    { title: 'topology version', cell: ({ version }) => version },
    { title: 'connected to', cell: ({ connected }) => connected.join(', ') },
  ]);
}
