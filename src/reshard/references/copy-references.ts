import { setTimeout as delay } from 'node:timers/promises';
import { namedRunner, type ShardDataSource, type ShardHandle } from '../../cluster';
import { ReshardStoppedError } from '../../errors';
import type { LiveTopology } from '../../live';
import { openMoverSource, referenceTables } from '../rows';
import { ReferenceRange } from './reference-range';

/*
 * How a reference table is copied while the application writes it.
 *
 * The application writes a reference table shard after shard in the order of the configuration, each with a transaction of its own. So a
 * write W is for a while on some shards and not yet on others, and there is no lock that would cover it. To copy the effect of a W that
 * has still to come to the new shard would make it count twice there: an INSERT would fail, an increment would be added again.
 *
 * Therefore a difference between the first shard and the new one is not copied when it is seen, but when it is seen a second time,
 * unchanged on both sides, `settleMs` later:
 *
 *   1. read a range of the primary key on the first shard and on the new one, and note each row that differs, as it is on both
 *   2. wait `settleMs`
 *   3. in one transaction on each of the two: read the range again with share locks on the first shard; copy those rows whose difference
 *      is word by word the one noted; commit on the new shard, then let go of the first one
 *   4. of the rows noted, those that still differ, but otherwise than before, are noted anew: again from 2, until none is left. Rows that
 *      came to differ since are writes on their way
 *
 * A W whose write on the first shard comes after 1 changes the noted row, so the row is left to the next round (or W waits for the locks
 * of 3, and then comes to both shards after the copy, in its own order). A W whose write on the first shard came before 1 has `settleMs`
 * to reach the new shard before 3; what it does there then either makes the rows equal, or is an UPDATE or DELETE of a row that is not
 * there yet, and the row copied in 3 has its effect already. The order in which shards are written does not matter for this.
 *
 * A row that is missing and is written on the first shard more often than every `settleMs` is never seen unchanged, and the copy gives up.
 *
 * Not covered: a write that needs longer than `settleMs` from the first shard to the new one (a process that is stopped between the two,
 * a caller's transaction that stays open); writers whose configuration does not name the new shard, and so never write there, for which
 * the copy has to be made again once all clients are connected to it; SQL that bypasses the repositories. What such writes leave behind
 * is found by `verify()`, and made equal by another copy.
 */

/** Settings of {@link copyReferences}. */
export interface CopyReferencesOptions {
  /** Ends the copy between two ranges with its reason; what was copied stays, and it can be made again. */
  readonly signal?: AbortSignal;
  /** How long a write may take from the first shard to the new one, in milliseconds, from 0. @defaultValue 2000 */
  readonly settleMs?: number;
  /** How many rows of a table are looked at together. @defaultValue 5000 */
  readonly rangeRows?: number;
}

/** What a copy changed. */
export interface ReferencesCopied {
  readonly tables: readonly string[];
  /** Rows that were written or deleted on the new shards. */
  readonly changedRows: number;
}

/** How often a range is looked at before the copy gives up, since something keeps changing it on one side only. */
const MOST_ROUNDS = 50;

/**
 * Makes every reference table on the shards given equal to that on the first other shard in the order of the configuration, while the
 * application writes. May be repeated, and does little when all is equal. After a crash nothing is left behind but rows that are equal.
 *
 * @param shards - the new ones; none of them need own anything.
 * @throws {ReshardStoppedError} when a table does not come to be equal.
 * @throws {ConfigurationError} when the tables have different columns; {@link ShardError} when a shard does not answer.
 */
export async function copyReferences(
  { core }: LiveTopology,
  shards: readonly string[],
  options: CopyReferencesOptions = {},
): Promise<ReferencesCopied> {
  const first = [...core.shards.values()].find(({ name }) => !shards.includes(name));
  const hasTables = [...core.model.entities.values()].some(({ kind }) => kind === 'reference');
  if (!first || !hasTables || shards.length === 0) return { tables: [], changedRows: 0 };
  const source = await openMoverSource(await first.open(), { connections: 2 });
  try {
    let changedRows = 0;
    const stuck = stuckError(core.topology?.plan?.id ?? 'none');
    for (const name of shards) changedRows += await copyTo(core.shard(name), { source: source.source, stuck, options });
    return { tables: referenceTables(source.source).map(({ table }) => table), changedRows };
  } finally {
    await source.destroy();
  }
}

interface CopyFrom {
  readonly source: ShardDataSource;
  readonly stuck: (shard: string, table: string) => Error;
  readonly options: CopyReferencesOptions;
}

async function copyTo(target: ShardHandle, { source, stuck, options }: CopyFrom): Promise<number> {
  const opened = await openMoverSource(await target.open(), { connections: 2 });
  const from = namedRunner(source);
  // Partitions of one embedded database share its only transaction.
  const isOneHandle = opened.source.context.lock === source.context.lock;
  const to = isOneHandle ? from : namedRunner(opened.source);
  try {
    let changed = 0;
    const tables = new Map(referenceTables(source).map((table) => [table.table, table] as const));
    for (const table of referenceTables(opened.source)) {
      const own = tables.get(table.table);
      if (!own) continue;
      const range = new ReferenceRange({ runner: from, table: own }, { runner: to, table });
      changed += await copyTable(range, options, () => stuck(target.name, table.table));
    }
    return changed;
  } finally {
    await from.release();
    if (!isOneHandle) await to.release();
    await opened.destroy();
  }
}

async function copyTable(range: ReferenceRange, options: CopyReferencesOptions, stuck: () => Error): Promise<number> {
  const { signal, settleMs = 2_000, rangeRows = 5_000 } = options;
  let changed = 0;
  while (await range.next(rangeRows)) {
    let noted = await range.differences();
    for (let round = 1; noted.size > 0; round += 1) {
      if (round > MOST_ROUNDS) throw stuck();
      await delay(settleMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
      changed += await range.copyUnchanged(noted);
      const before = noted;
      const still = await range.differences();
      // What differs anew is a write on its way, which comes to both shards by itself.
      noted = new Map([...still].filter(([key]) => before.has(key)));
    }
    signal?.throwIfAborted();
  }
  return changed;
}

function stuckError(planId: string): CopyFrom['stuck'] {
  return (shard, table) =>
    new ReshardStoppedError(
      planId,
      'copy of reference tables',
      shard,
      `${table} does not come to be equal to that on the other shards; is it written in another way than by the cluster?`,
    );
}
