import type { EntityManager, EntityTarget, ObjectLiteral, RemoveOptions, SaveOptions } from 'typeorm';
import { CannotDetermineEntityError } from 'typeorm/error/CannotDetermineEntityError';
import type { ShardHandle } from '../cluster';
import { append } from './append';
import type { CallRouter } from './call-router';
import { EntityKeys } from './entity-keys';
import { runInTurn } from './in-turn';

type Target = EntityTarget<ObjectLiteral>;

/** The calls that persist entity objects. */
export type PersistOperation = 'save' | 'remove' | 'softRemove' | 'recover';

/**
 * Persists entity objects, each on the shard that owns its key: entities of one shard in one call and so in one transaction, shards
 * at once. Entities of reference tables are persisted on every shard, one after another.
 *
 * @throws {ShardsFailedError} naming the shards that were committed, when several took part and one failed.
 */
export async function persist(
  router: CallRouter,
  operation: PersistOperation,
  target: Target | undefined,
  entities: readonly ObjectLiteral[],
  options: SaveOptions | RemoveOptions | undefined,
): Promise<void> {
  // TypeORM resolves lazily loaded relations in a microtask before it reads them; so do keys that a relation holds.
  await Promise.resolve();
  const plan = planOf(router, operation, target, entities);
  const call = persistCall(operation, target, options);
  const shards = [...plan.byShard.keys()];
  if (plan.everywhere.length > 0) await persistEverywhere(router, operation, plan.everywhere, call);
  if (shards.length > 0) await router.access.runAll(operation, shards, (manager, shard) => call(manager, plan.byShard.get(shard) ?? []));
}

interface Plan {
  readonly byShard: ReadonlyMap<ShardHandle, ObjectLiteral[]>;
  readonly everywhere: readonly ObjectLiteral[];
}

function planOf(router: CallRouter, operation: PersistOperation, target: Target | undefined, entities: readonly ObjectLiteral[]): Plan {
  const byShard = new Map<ShardHandle, ObjectLiteral[]>();
  const everywhere: ObjectLiteral[] = [];
  const keys = new EntityKeys(router.core, router.scope);
  for (const entity of entities) {
    const entityTarget = target ?? entity.constructor;
    if (entityTarget === Object)
      throw new CannotDetermineEntityError(operation as ConstructorParameters<typeof CannotDetermineEntityError>[0]);
    const sharding = router.core.shardingOf(entityTarget as Target);
    if (sharding.kind === 'reference') {
      everywhere.push(entity);
      continue;
    }
    const shard = sharding.kind === 'sharded' ? keys.shardOf(sharding, entity) : router.everywhere(entityTarget as Target).shards[0];
    if (shard) append(byShard, shard, entity);
  }
  return { byShard, everywhere };
}

type PersistCall = (manager: EntityManager, entities: readonly ObjectLiteral[]) => Promise<unknown>;

function persistCall(
  operation: PersistOperation,
  target: Target | undefined,
  options: SaveOptions | RemoveOptions | undefined,
): PersistCall {
  return (manager, entities) => {
    // TypeORM tells its overloads apart by the number of arguments.
    const method = manager[operation] as (...args: readonly unknown[]) => Promise<unknown>;
    return target === undefined ? method.call(manager, [...entities], options) : method.call(manager, target, [...entities], options);
  };
}

async function persistEverywhere(
  router: CallRouter,
  operation: PersistOperation,
  entities: readonly ObjectLiteral[],
  call: PersistCall,
): Promise<void> {
  const copies = operation === 'remove' ? entities.map(shallowCopy) : undefined;
  // `remove` takes the id off the object it was given, so every shard but the last gets a copy.
  await runInTurn(router, operation, (manager, isLast) => call(manager, copies && !isLast ? copies.map(shallowCopy) : entities));
}

function shallowCopy<T extends ObjectLiteral>(entity: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(entity)), entity);
}
