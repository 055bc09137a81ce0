import { checkConfigured, firstTopology, withNewGroups } from './first-topology';
import type { LiveTopology } from './live-topology';
import { checkNotLost } from './lost-topology';

/**
 * Finds the topology that the cluster routes by, opens the shards, and begins to refresh.
 *
 * The first process of a new cluster stores the topology that its configuration says, after the databases have agreed to it.
 *
 * @param open - opens the shards that are to be open from the start, and compares what their databases remember.
 * @throws {ConfigurationError} when configuration and topology do not go together.
 * @throws {TopologyStoreError} when the store does not answer, or has lost the topology of databases that had one.
 */
export async function startLive(live: LiveTopology, open: () => Promise<void>): Promise<void> {
  const { core } = live;
  const stored = await live.stored();
  if (stored) {
    checkConfigured(core, stored);
    live.use(stored);
    await addGroups(live);
  } else if (core.options.isShared) {
    await checkNotLost(core);
  }
  await open();
  if (!stored) {
    const founded = await live.found(firstTopology(core));
    checkConfigured(core, founded);
    live.use(founded);
  }
  await live.start();
}

async function addGroups(live: LiveTopology): Promise<void> {
  for (;;) {
    const { current, core } = live;
    const complete = withNewGroups(core, current);
    if (complete === current || (await live.swap(current, complete)) === 'stored') return;
    const stored = await live.stored();
    if (stored) live.use(stored);
  }
}
