import pLimit from 'p-limit';
import { LeaseLostError } from '../../errors';
import { backOff, blockersOf, databaseFault, type Mark, type MarkOutcome, type OwnershipKey, type OwnershipRow } from '../../fence';
import type { MoveContext } from './move-context';
import type { MoverShard } from './mover-connections';

/** How many rows that others hold are waited for at once on one shard, each in a transaction of its own. */
const AT_ONCE = 4;

/** Makes marks of one shard: first those whose rows nobody holds, then each of the others by itself. The answers are in their order. */
export async function markAll(shard: MoverShard, marks: readonly Mark[]): Promise<readonly MarkOutcome[]> {
  const free = marks.length > 1 ? await shard.use((runner) => shard.marks.free(runner, marks)) : [];
  const limit = pLimit(shard.isEmbedded ? 1 : AT_ONCE);
  const apply = (mark: Mark) => limit(() => shard.use((runner) => shard.marks.apply(runner, mark)));
  return allEnded(marks.map(async (mark, index) => free[index] ?? apply(mark)));
}

/**
 * Makes marks of one shard, and again those that others block, until all are made.
 *
 * @throws {LeaseLostError} when a row is refused.
 */
export function markUntilDone(
  context: MoveContext,
  shard: MoverShard,
  marks: readonly Mark[],
  signal?: AbortSignal,
): Promise<readonly OwnershipRow[]> {
  return untilDone(context, shard, {
    keys: marks.map(({ key }) => key),
    attempt: (left) =>
      markAll(
        shard,
        left.map((index) => marks[index]!),
      ),
    signal,
  });
}

/** Changes of rows of one shard that others can block. */
export interface RowChanges {
  readonly keys: readonly OwnershipKey[];
  /** Tries changes, named by their places; answers in their order. */
  readonly attempt: (left: readonly number[]) => Promise<readonly MarkOutcome[]>;
  readonly signal?: AbortSignal | undefined;
}

/** Tries changes of rows until all are made. @returns the rows. @throws {LeaseLostError} when one is refused. */
export async function untilDone(
  context: MoveContext,
  shard: MoverShard,
  { keys, attempt, signal }: RowChanges,
): Promise<readonly OwnershipRow[]> {
  const rows = new Map<number, OwnershipRow>();
  let left: readonly number[] = keys.map((_, index) => index);
  for (let count = 1; left.length > 0; count += 1) {
    const outcomes = await attempt(left);
    for (const [place, outcome] of outcomes.entries()) {
      const index = left[place]!;
      if (outcome.kind === 'refused') throw new LeaseLostError(shard.name, keys[index]!.group);
      if (outcome.kind === 'done') rows.set(index, outcome.row);
    }
    left = left.filter((index) => !rows.has(index));
    if (left.length > 0) await waitReporting(context, await blockedText(shard, keys[left[0]!]!), () => backOff(count, signal));
  }
  return keys.map((_, index) => rows.get(index)!);
}

/** Says who is in the way of a row. */
export async function blockedText(shard: MoverShard, key: OwnershipKey): Promise<string> {
  const blockers = await shard.use((runner) => blockersOf(shard.source, runner, { row: key }));
  const sessions = blockers.map(({ session, user, openMs }) => `${session} (${user}, open for ${openMs} ms)`).join(', ');
  return `rows of group ${key.group} on shard "${key.shard}"; open transactions: ${sessions || 'none that can be seen'}`;
}

async function waitReporting({ progress }: MoveContext, reason: string, wait: () => Promise<void>): Promise<void> {
  progress.waits(wait, reason);
  try {
    await wait();
  } finally {
    progress.waits(wait, undefined);
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
