import type { QueryRunner } from 'typeorm';
import { moverTransaction } from '../../fence';
import { deleteStretches, departureBatch, type MovableTable, type MovedStretch, stretchCounts } from '../rows';
import { untilNotBlocked } from './apply-mark';
import { checkGuards } from './check-guards';
import type { MoveContext } from './move-context';
import type { MoverShard } from './mover-connections';
import { isMoved, type PlannedRow, rowsOf } from './plan-edits';
import { type MovingRow, partKey, rowId, transfersOf, wholeRow } from './row-part';
import { pause } from './throttle';

/** The most rows of a plan that one transaction cleans: it holds their marks. */
const ROWS_AT_ONCE = 64;

/** How often it is looked whether rows are due, in milliseconds. */
const LOOK_MS = 50;

/**
 * Deletes departures of rows that have moved whole, once their grace is over: whole positions in each transaction, under the rows' token,
 * so that a reader sees a position with all of its rows or not at all.
 */
export class Cleaner {
  readonly #context: MoveContext;
  readonly #cleaned = new Set<string>();

  constructor(context: MoveContext) {
    this.#context = context;
  }

  isClean(row: PlannedRow): boolean {
    return this.#cleaned.has(rowId(row.group, row));
  }

  /** Cleans rows as they come due, until the signal aborts, which is no failure. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if ((await this.cleanDue(signal)) === 0) await pause(LOOK_MS, signal).catch(() => undefined);
    }
  }

  /** Cleans some rows of this run that are due, if there are any. @returns how many were cleaned. @throws {LeaseLostError} */
  async cleanDue(signal?: AbortSignal): Promise<number> {
    if (!this.#isAnyDue()) return 0;
    const { plan, tokens } = this.#context;
    const due = rowsOf(plan).filter((row) => tokens.has(row.token) && isMoved(row) && !this.isClean(row) && this.#isDue(row));
    const [first] = due;
    const batch = due.filter(({ group, token }) => group === first?.group && token === first?.token).slice(0, ROWS_AT_ONCE);
    if (first) await this.#clean(batch, signal);
    return batch.length;
  }

  /** Asked often, when mostly there is none. */
  #isAnyDue(): boolean {
    const { live, movedAt } = this.#context;
    const latestMs = performance.now() - live.core.options.resharding.graceMs;
    for (const [id, { atMs }] of movedAt) if (atMs <= latestMs && !this.#cleaned.has(id)) return true;
    return false;
  }

  /** What this run has not seen to the end is not due, though the topology may have it already. */
  #isDue(row: PlannedRow): boolean {
    const { live, movedAt } = this.#context;
    const { isShared, resharding } = live.core.options;
    const moved = movedAt.get(rowId(row.group, row));
    if (!moved || performance.now() < moved.atMs + resharding.graceMs) return false;
    return isShared || live.held.acknowledged(live.current.version) >= moved.version;
  }

  async #clean(batch: readonly PlannedRow[], signal: AbortSignal | undefined): Promise<void> {
    const context = this.#context;
    const rows = batch.map(({ group, since }) => context.row(group, since));
    const sources = new Set(rows.flatMap(({ parts }) => transfersOf(parts).map(({ source }) => source)));
    for (const source of [...sources].sort()) {
      const shard = await context.connections.shard(source);
      await this.#cleanShard(shard, { token: batch[0]!.token, rows, signal });
      if (signal?.aborted) return;
    }
    for (const row of batch) this.#cleaned.add(rowId(row.group, row));
  }

  async #cleanShard(
    shard: MoverShard,
    { token, rows, signal }: { readonly token: number; readonly rows: readonly MovingRow[]; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    let left: readonly Departures[] = rows.flatMap((row) => departures(row, shard.name));
    while (left.length > 0 && !signal?.aborted) {
      const [first] = left;
      this.#context.announce('clean', { group: first!.row.group, shard: shard.name, rows: left.length });
      const some = left;
      left = await untilNotBlocked(() => this.#deleteSome(shard, token, some), this.#context.signal);
    }
  }

  /** One transaction. @returns what is left. */
  async #deleteSome(shard: MoverShard, token: number, left: readonly Departures[]): Promise<readonly Departures[]> {
    const keys = [...new Map(left.map(({ row }) => [row.since, partKey(row, shard.name)])).values()];
    const { group } = left[0]!.row;
    const { deleted, rest } = await shard.use((runner) =>
      moverTransaction(runner, { token, rows: keys }, async () => {
        const done = await this.#deleteFrom(runner, shard.tables(group), left);
        // What a writer with an old topology wrote past a guard would be taken for a departure.
        await checkGuards(this.#context, shard, { group, runner });
        return done;
      }),
    );
    this.#context.progress.cleaned(deleted);
    return rest;
  }

  /** As many whole rows of the plan as have few enough rows, together; or a part of the first, from above. */
  async #deleteFrom(runner: QueryRunner, tables: readonly MovableTable[], left: readonly Departures[]) {
    const { chunkRows } = this.#context.options;
    const stretches = left.map(({ stretch }) => stretch);
    const counts = await stretchCounts([{ runner, tables }], stretches, chunkRows + 1);
    const few = fitting(counts, chunkRows);
    if (few > 0) return { deleted: await deleteStretches(runner, tables, stretches.slice(0, few)), rest: left.slice(few) };
    const [{ row, stretch }, ...others] = left as readonly [Departures, ...Departures[]];
    const batch = await departureBatch(runner, tables, { ...stretch, limit: chunkRows });
    const deleted = await deleteStretches(runner, tables, [batch]);
    return { deleted, rest: batch.from > stretch.from ? [{ row, stretch: { ...stretch, upto: batch.from } }, ...others] : others };
  }
}

/** How many of the first counts fit in together. */
function fitting(counts: readonly number[], most: number): number {
  let sum = 0;
  const index = counts.findIndex((count) => {
    sum += count;
    return sum > most;
  });
  return index < 0 ? counts.length : index;
}

interface Departures {
  readonly row: MovingRow;
  readonly stretch: MovedStretch;
}

function departures(row: MovingRow, shard: string): readonly Departures[] {
  return transfersOf(row.parts)
    .filter(({ source }) => source === shard)
    .map(({ rules }) => ({ row, stretch: { ...wholeRow(row), rules } }));
}
