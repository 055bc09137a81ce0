import type { EntityManager, EntityTarget, ObjectLiteral, RemoveOptions, SaveOptions } from 'typeorm';
import { CannotDetermineEntityError } from 'typeorm/error/CannotDetermineEntityError';
import type { ShardHandle } from '../cluster';

import { ShardsFailedError } from '../errors';
import { restFault } from '../live';
import { append } from '../query';
import type { CallRouter } from './call-router';
import { EntityKeys } from './entity-keys';
import { runInTurn } from './in-turn';
import { type LinkWrite, linkWrites, writeLinks } from './relations/link-writes';

type Target = EntityTarget<ObjectLiteral>;

/** The calls that persist entity objects. */
export type PersistOperation = 'save' | 'remove' | 'softRemove' | 'recover';

/** What is persisted by one call. */
export interface Persisting {
  readonly target: Target | undefined;
  readonly entities: readonly ObjectLiteral[];
  readonly options: SaveOptions | RemoveOptions | undefined;
  /** Those that earlier attempts of the call have committed, and where; it grows. */
  readonly done: Map<ObjectLiteral, readonly string[]>;
}

/**
 * Persists entity objects, each on the shard that owns its key: entities of one shard in one call and so in one transaction, shards
 * at once. Entities of reference tables are persisted on every shard, one after another.
 *
 * @throws {ShardsFailedError} naming the shards that were committed, when several took part and one failed.
 */
export async function persist(
  router: CallRouter,
  operation: PersistOperation,
  { target, entities, options, done }: Persisting,
): Promise<void> {
  // TypeORM resolves lazily loaded relations in a microtask before it reads them; so do keys that a relation holds.
  await Promise.resolve();
  const left = entities.filter((entity) => !done.has(entity));
  const plan = planOf(router, operation, target, left);
  const call = persistCall(operation, target, options);
  const shards = [...plan.byShard.keys()];
  // Listeners and subscribers are told of a row once, on the first shard; the other copies get what they made of it.
  const silent = persistCall(operation, target, { ...options, listeners: false });
  if (plan.everywhere.length > 0) await persistEverywhere(router, operation, plan.everywhere, { call, silent });
  for (const entity of plan.everywhere) done.set(entity, [...router.core.shards.keys()]);
  if (shards.length === 0) return;
  const work = router.access.runAll(operation, shards, (manager, shard) => {
    const own = plan.byShard.get(shard) ?? [];
    const writes = own.flatMap((entity) => plan.links.get(entity) ?? []);
    return writes.length === 0 ? call(manager, own) : persistWithLinks(manager, operation, writes, (inner) => call(inner, own));
  });
  await work.catch((error: unknown) => {
    const committed = error instanceof ShardsFailedError ? shards.filter(({ name }) => error.succeeded.includes(name)) : [];
    for (const shard of committed) for (const entity of plan.byShard.get(shard) ?? []) done.set(entity, [shard.name]);
    throw restFault(error, { operation, asked: shards.map(({ name }) => name), done: [...new Set([...done.values()].flat())] });
  });
}

/** Links must be written after the row that they belong to, be gone before it, and share its transaction. */
async function persistWithLinks(
  manager: EntityManager,
  operation: PersistOperation,
  writes: readonly LinkWrite[],
  call: (manager: EntityManager) => Promise<unknown>,
): Promise<void> {
  const work = async (inner: EntityManager) => {
    if (operation === 'remove') await writeLinks(inner, writes);
    await call(inner);
    if (operation === 'save') await writeLinks(inner, writes);
  };
  await (manager.queryRunner?.isTransactionActive ? work(manager) : manager.transaction(work));
}

interface Plan {
  readonly byShard: ReadonlyMap<ShardHandle, ObjectLiteral[]>;
  readonly everywhere: readonly ObjectLiteral[];
  /** The links to write with each entity. */
  readonly links: ReadonlyMap<ObjectLiteral, readonly LinkWrite[]>;
}

function planOf(router: CallRouter, operation: PersistOperation, target: Target | undefined, entities: readonly ObjectLiteral[]): Plan {
  const byShard = new Map<ShardHandle, ObjectLiteral[]>();
  const everywhere: ObjectLiteral[] = [];
  const links = new Map<ObjectLiteral, readonly LinkWrite[]>();
  const keys = new EntityKeys(router.core, router.scope);
  for (const entity of entities) {
    const entityTarget = target ?? entity.constructor;
    if (entityTarget === Object)
      throw new CannotDetermineEntityError(operation as ConstructorParameters<typeof CannotDetermineEntityError>[0]);
    const sharding = router.core.shardingOf(entityTarget as Target);
    const writes = linkWrites(router.core, operation, entityTarget as Target, entity);
    if (writes.length > 0) links.set(entity, writes);
    if (sharding.kind === 'reference') {
      everywhere.push(entity);
      continue;
    }
    const shard = sharding.kind === 'sharded' ? keys.shardOf(sharding, entity) : router.everywhere(entityTarget as Target).shards[0];
    if (shard) append(byShard, shard, entity);
  }
  return { byShard, everywhere, links };
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
  { call, silent }: { readonly call: PersistCall; readonly silent: PersistCall },
): Promise<void> {
  const copies = operation === 'remove' ? entities.map(shallowCopy) : undefined;
  // `remove` takes the id off the object it was given, so every shard but the last gets a copy.
  await runInTurn(router, operation, (manager, { isFirst, isLast }) =>
    (isFirst ? call : silent)(manager, copies && !isLast ? copies.map(shallowCopy) : entities),
  );
}

function shallowCopy<T extends ObjectLiteral>(entity: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(entity)), entity);
}
