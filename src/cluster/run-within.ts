import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { ConfigurationError } from '../errors';
import { type ScatterCallOptions, scatterCallFaults } from '../options';
import type { ShardKeyValue } from '../routing';
import type { ActiveContext } from './call-contexts';
import type { ClusterCore } from './cluster-core';
import { mergeScatter } from './scatter-budget';

/** What calls inside `ShardedDataSource.within()` go by, as far as they do not say it themselves. */
export interface CallContext {
  /**
   * The key whose shard calls go to that prove none: those on entities of its group, which is that of the entity named here. A key of
   * several values is given as for `shardFor`.
   */
  readonly key?: { readonly entity: EntityTarget<ObjectLiteral>; readonly value: ShardKeyValue };
  /** What calls to several shards may cost. `withScatter()` is nearer, and entities and the cluster are farther. */
  readonly scatter?: ScatterCallOptions;
}

/** Runs work in a context; what an inner context does not say stays as the outer one says. */
export function runWithin<T>(core: ClusterCore, { key, scatter }: CallContext, work: () => T): T {
  const { contexts } = core.understood;
  const faults = scatterCallFaults(scatter, 'within()');
  if (faults.length > 0) throw new ConfigurationError(faults);
  const outer = contexts.current;
  const pin = key === undefined ? outer?.pin : pinOf(core, key);
  const limits = mergeScatter<ScatterCallOptions>({}, outer?.limits, scatter);
  return contexts.run({ ...(pin && { pin }), limits }, work);
}

function pinOf(core: ClusterCore, { entity, value }: NonNullable<CallContext['key']>): ActiveContext['pin'] {
  // A key without an owner is refused before the work begins.
  core.ownerOfKey(entity, value);
  return core.placeOfKey(entity, value);
}
