import type { EntityManager, QueryRunner } from 'typeorm';
import { gather, giveBack, type ShardHandle, shardFault } from '../cluster';
import { ShardError, ShardsFailedError } from '../errors';

/** How a write that means rows of several shards is run. */
export interface TogetherCall<T> {
  /** Begins the transaction of one shard, with its ownership locked. */
  readonly begin: (shard: ShardHandle) => Promise<QueryRunner>;
  readonly call: (manager: EntityManager, shard: ShardHandle) => Promise<T>;
}

/**
 * Runs a write on several shards: locks ownership on all of them, then writes on all of them, then commits one after another. Until the
 * first commit any failure rolls all of it back, so that it can be made again; after it nothing is.
 *
 * @throws {ShardsFailedError} naming the shards that failed, and those that were committed.
 */
export async function runTogether<T>(operation: string, shards: readonly ShardHandle[], work: TogetherCall<T>): Promise<readonly T[]> {
  const inOrder = [...shards].sort((a, b) => (a.name < b.name ? -1 : 1));
  const runners = new Map<ShardHandle, QueryRunner>();
  try {
    for (const shard of inOrder) runners.set(shard, await named(operation, shard, work.begin(shard)));
    const writing = gather(operation, shards, async (shard) => {
      const { manager } = runners.get(shard) as QueryRunner;
      return work.call(manager, shard).catch((error: unknown) => Promise.reject(shardFault(shard.name, error)));
    });
    const answers = await writing.catch((error: unknown) => Promise.reject(nothingDone(error)));
    await commitAll(operation, runners);
    return answers;
  } finally {
    for (const runner of runners.values()) await giveBack(runner);
  }
}

/** What was written on the others is rolled back with the rest. */
function nothingDone(error: unknown): unknown {
  if (!(error instanceof ShardsFailedError)) return error;
  return new ShardsFailedError(error.operation, error.failed, [], error.succeeded);
}

async function named<T>(operation: string, shard: ShardHandle, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const error = shardFault(shard.name, cause);
    // What is no fault of the shard is one of the call.
    throw error instanceof ShardError ? new ShardsFailedError(operation, [{ shard: shard.name, error }], []) : error;
  }
}

async function commitAll(operation: string, runners: ReadonlyMap<ShardHandle, QueryRunner>): Promise<void> {
  const committed: string[] = [];
  for (const [shard, runner] of runners) {
    try {
      await runner.commitTransaction();
    } catch (error) {
      const left = [...runners.keys()].map(({ name }) => name).filter((name) => name !== shard.name && !committed.includes(name));
      throw new ShardsFailedError(operation, [{ shard: shard.name, error: shardFault(shard.name, error) }], committed, left);
    }
    committed.push(shard.name);
  }
}
