import { callerLocation, type ScatterBudget } from '../cluster';
import { ScatterBudgetError, ScatterRefusedError } from '../errors';
import type { CallRoute } from './call-route';

/** Why a call to several shards may not be made at all; undefined when it may. */
export function scatterRefusal(
  operation: string,
  { sharding, shards, isUnproved }: CallRoute,
  { mode, maxShards }: ScatterBudget,
): ScatterBudgetError | ScatterRefusedError | undefined {
  const entity = sharding.metadata.name;
  if (isUnproved && mode === 'forbid') return new ScatterRefusedError(entity, operation, 'mode');
  if (maxShards === undefined || shards.length <= maxShards) return undefined;
  return new ScatterBudgetError({ entity, operation, budget: 'maxShards', limit: maxShards });
}

/** What is logged of a call that goes to every shard without proof. It must be made before anything is awaited, to know the caller. */
export function scatterWarning(operation: string, { sharding, shards, reason }: CallRoute): string {
  const place = callerLocation() ?? 'an unknown place';
  return `${operation} on ${sharding.metadata.name}, called at ${place}, goes to all ${shards.length} shards: ${reason}`;
}
