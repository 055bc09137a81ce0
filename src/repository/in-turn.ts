import type { EntityManager } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { ShardsFailedError } from '../errors';
import type { CallRouter } from './call-router';

/** Where a shard stands among those that are written in turn. */
export interface Turn {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/**
 * Runs a write of reference tables on every shard, one after another, so that every copy gets the values that the first database
 * generated.
 *
 * @returns What the last shard answered.
 * @throws {ShardsFailedError} naming the shards that were written and those that were not attempted.
 */
export async function runInTurn<T>(
  router: CallRouter,
  operation: string,
  call: (manager: EntityManager, turn: Turn) => Promise<T>,
): Promise<T> {
  const shards = [...router.core.shards.values()];
  router.access.admit(shards);
  const answers: T[] = [];
  for (const [index, shard] of shards.entries()) {
    try {
      answers.push(
        await router.access.run(shard, (manager) => call(manager, { isFirst: index === 0, isLast: index === shards.length - 1 })),
      );
    } catch (error) {
      throw inTurnFault(operation, shards, index, error);
    }
  }
  return answers.at(-1) as T;
}

function inTurnFault(operation: string, shards: readonly ShardHandle[], at: number, error: unknown): ShardsFailedError {
  const names = shards.map(({ name }) => name);
  return new ShardsFailedError(operation, [{ shard: names[at] as string, error }], names.slice(0, at), names.slice(at + 1));
}
