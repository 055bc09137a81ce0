import { ShardError, ShardsFailedError } from '../errors';
import type { ShardHandle } from './shard';

/**
 * Waits for calls on several shards, all of them.
 *
 * @returns The results in the order of `shards`.
 * @throws {ShardsFailedError} when any of them failed, after all have ended; an error that all of them throw without a fault of
 *   their databases, for example TypeORM's for an unknown property, is thrown as it is.
 */
export async function gather<T>(
  operation: string,
  shards: readonly ShardHandle[],
  start: (shard: ShardHandle) => Promise<T>,
): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(shards.map(start));
  const failed = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected' ? [{ shard: shards[index]?.name ?? '', error: outcome.reason as unknown }] : [],
  );
  const [first] = failed;
  if (first) {
    // What every shard's TypeORM refuses alike, before or without its database, is an error of the call and not of shards.
    if (failed.length === shards.length && !failed.some(({ error }) => error instanceof ShardError)) throw first.error;
    const succeeded = shards.map(({ name }) => name).filter((name) => !failed.some(({ shard }) => shard === name));
    throw new ShardsFailedError(operation, failed, succeeded);
  }
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}
