import { memoryTopology, type SqlTopologyOptions, sqlTopology, type TopologyStore } from '../../src/topology';
import { createDatabases, type DatabaseKind } from '../database';

/** The kinds of store that the contract holds for. */
export type StoreKind = 'memory' | DatabaseKind;

/** A place for one topology, with as many stores on it as there would be processes. */
export interface Place {
  /** A store of one process; where a kind serves one process alone it is the same one each time. */
  store(options?: Partial<SqlTopologyOptions>): TopologyStore;
  stop(): Promise<void>;
}

/** Makes an empty place for a topology. */
export async function makePlace(kind: StoreKind): Promise<Place> {
  const made: TopologyStore[] = [];
  const keep = (store: TopologyStore) => {
    made.push(store);
    return store;
  };
  const destroyAll = () => Promise.all(made.map((store) => store.destroy()));
  if (kind === 'memory') {
    const only = memoryTopology();
    return { store: () => only, stop: () => only.destroy() };
  }
  const databases = await createDatabases(kind, 1, { onDisk: kind === 'better-sqlite3' });
  const { options } = databases.shards[0]!;
  const place = { ...options, type: databases.type, pollMs: 20 } as SqlTopologyOptions;
  const only = kind === 'sqljs' ? keep(sqlTopology(place)) : undefined;
  return {
    store: (more = {}) => only ?? keep(sqlTopology({ ...place, ...more } as SqlTopologyOptions)),
    stop: async () => {
      await destroyAll();
      await databases.stop();
    },
  };
}
