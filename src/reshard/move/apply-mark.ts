import pLimit from 'p-limit';
import type { QueryRunner } from 'typeorm';
import { LeaseLostError } from '../../errors';
import { backOff, blockersOf, databaseFault, type MarkOutcome, type OwnershipKey, type OwnershipRow } from '../../fence';
import type { MoveContext } from './move-context';
import type { MoverShard } from './mover-connections';

/** How many rows of one shard are marked at once, each in a transaction of its own. */
const AT_ONCE = 4;

/** One mark of one row. */
export interface Marking {
  readonly key: OwnershipKey;
  readonly mark: (runner: QueryRunner) => Promise<MarkOutcome>;
}

/** Makes marks of one shard, some at once. The answers are in the order of the marks. */
export function markAll(shard: MoverShard, markings: readonly Marking[]): Promise<readonly MarkOutcome[]> {
  const limit = pLimit(shard.isEmbedded ? 1 : AT_ONCE);
  return allEnded(markings.map(({ mark }) => limit(() => shard.use(mark))));
}

/**
 * Makes marks of one shard, and again those that others block, until all are made.
 *
 * @throws {LeaseLostError} when a row is refused.
 */
export async function markUntilDone(
  context: MoveContext,
  shard: MoverShard,
  markings: readonly Marking[],
  signal?: AbortSignal,
): Promise<readonly OwnershipRow[]> {
  const rows = new Map<Marking, OwnershipRow>();
  let left = markings;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const outcomes = await markAll(shard, left);
    for (const [index, outcome] of outcomes.entries()) {
      const marking = left[index]!;
      if (outcome.kind === 'refused') throw new LeaseLostError(marking.key.shard, marking.key.group);
      if (outcome.kind === 'done') rows.set(marking, outcome.row);
    }
    left = left.filter((marking) => !rows.has(marking));
    if (left.length > 0) await reportBlocked(context, shard, left[0]!.key, () => backOff(attempt, signal));
  }
  return markings.flatMap((marking) => rows.get(marking) ?? []);
}

/** Says, while `wait` lasts, who is in the way of a row. */
export async function reportBlocked(context: MoveContext, shard: MoverShard, key: OwnershipKey, wait: () => Promise<void>): Promise<void> {
  const blockers = await shard.use((runner) => blockersOf(shard.source, runner, { row: key }));
  const sessions = blockers.map(({ session, user, openMs }) => `${session} (${user}, open for ${openMs} ms)`).join(', ');
  context.progress.waits(
    wait,
    `rows of group ${key.group} on shard "${key.shard}"; open transactions: ${sessions || 'none that can be seen'}`,
  );
  try {
    await wait();
  } finally {
    context.progress.waits(wait, undefined);
  }
}

/** Waits for the end of all, and then throws what the first of them threw: nothing goes on behind a failure. */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(work);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
}

/** Repeats a transaction that others were in the way of, or that was ended to resolve a deadlock with them. */
export async function untilNotBlocked<T>(transaction: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (databaseFault(error) !== 'blocked') throw error;
      await backOff(attempt, signal);
    }
  }
}
