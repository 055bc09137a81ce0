import type { ClusterCore } from '../../cluster';
import type { Topology } from '../../topology';
import type { ReshardChange } from '../reshard-change';

/** Weights by the name of the shard. */
export type Weights = Readonly<Record<string, number>>;

/** The weights that a change asks for: those that are there, with new ones, and without the shards that leave. */
export function changedWeights(core: ClusterCore, { weights }: Topology, { add = [], remove = [], reweigh = {} }: ReshardChange): Weights {
  const added = add.map((name) => [name, configuredWeight(core, name)] as const);
  const changed = { ...weights, ...Object.fromEntries(added), ...reweigh };
  return Object.fromEntries(Object.entries(changed).filter(([name]) => !remove.includes(name)));
}

/** The weight that the configuration gives a shard; one that it keeps out with 0 joins with 1. */
export function configuredWeight(core: ClusterCore, name: string): number {
  return core.shards.get(name)?.weight || 1;
}
