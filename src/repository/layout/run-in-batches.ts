import pLimit from 'p-limit';
import { ShardsFailedError } from '../../errors';

/** Rows that one statement holds at most. */
const ROWS_PER_STATEMENT = 500;

/** Bytes after which a statement takes no further row; servers refuse packets of 4 or 16 MB. */
const BYTES_PER_STATEMENT = 2 ** 20;

/** Shards that one call asks at once. */
const SHARDS_AT_ONCE = 16;

/** How the items of one call are divided among statements. */
export interface Batching<T, R> {
  /** The call, for errors. */
  readonly operation: string;
  readonly shardOf: (item: T) => string;
  readonly bytesOf: (item: T) => number;
  /** Sends one statement, or several when its items have moved to other shards since. */
  readonly call: (items: readonly T[]) => Promise<R>;
}

/**
 * Runs a call for each shard's own items in statements of limited size: one after another on a shard, several shards at once.
 *
 * @throws {ShardsFailedError} when any of several shards fails, after all have ended; the shard's own error when there is only one.
 */
export async function runInBatches<T, R>(items: readonly T[], batching: Batching<T, R>): Promise<readonly R[]> {
  const groups = groupsOf(items, batching.shardOf);
  const limit = pLimit(SHARDS_AT_ONCE);
  const outcomes = await Promise.allSettled(groups.map(([, own]) => limit(() => runOnShard(own, batching))));
  const shards = groups.map(([shard]) => shard);
  return completed(batching.operation, shards, outcomes).flat();
}

function groupsOf<T>(items: readonly T[], shardOf: (item: T) => string): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const shard = shardOf(item);
    const group = groups.get(shard);
    if (group) group.push(item);
    else groups.set(shard, [item]);
  }
  return [...groups];
}

async function runOnShard<T, R>(items: readonly T[], { bytesOf, call }: Batching<T, R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const batch of batches(items, bytesOf)) results.push(await call(batch));
  return results;
}

function* batches<T>(items: readonly T[], bytesOf: (item: T) => number): Generator<readonly T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    if (batch.length === ROWS_PER_STATEMENT || (batch.length > 0 && bytes + bytesOf(item) > BYTES_PER_STATEMENT)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += bytesOf(item);
  }
  if (batch.length > 0) yield batch;
}

function completed<R>(operation: string, shards: readonly string[], outcomes: readonly PromiseSettledResult<R>[]): readonly R[] {
  const failed = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected' ? [{ shard: shards[index] ?? '', error: outcome.reason }] : [],
  );
  if (shards.length === 1 && failed[0]) throw failed[0].error;
  if (failed.length > 0) {
    const succeeded = shards.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    throw new ShardsFailedError(operation, failed, succeeded);
  }
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}
