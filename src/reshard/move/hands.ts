import { backOffMs } from '../../fence';
import type { PlanRow, TopologyPlan } from '../../topology';
import { alike, type Chunk, chunkIds, MOST_PLAN_ROWS, nextChunk } from './chunk';
import type { BusyRows } from './move-chunk';
import type { MoveContext } from './move-context';
import { isBegun, isMoved, rowsOf } from './plan-edits';
import { rowId } from './row-part';
import { pause } from './throttle';

/** What shall move of the plan still: after `cancel` only what has begun. */
export function isWanted({ order }: TopologyPlan, row: PlanRow): boolean {
  return order === 'cancel' ? isBegun(row) : !isMoved(row);
}

/**
 * What the workers of one run have in hand. A row that others held when it was to be frozen is left for a while, longer each time, and
 * then tried by itself, so that no other row is frozen while it is waited for.
 */
export class Hands {
  /** A worker has failed: the others finish what they have. */
  isStopped = false;
  readonly #context: MoveContext;
  readonly #held = new Set<string>();
  readonly #busy = new Map<string, { readonly failed: number; readonly untilMs: number }>();

  constructor(context: MoveContext) {
    this.#context = context;
  }

  /**
   * The next chunk, from above; undefined when this run has nothing that is free. When all that is free was held by others a while ago it
   * waits, and then answers `later`: ask again.
   *
   * @throws the signal's reason.
   */
  async take(): Promise<Chunk | 'later' | undefined> {
    const free = this.isStopped ? [] : this.#free();
    if (free.length === 0) return undefined;
    const ready = free.filter((row) => this.#waitMs(row) <= 0);
    if (ready.length > 0) return this.#choose(ready);
    await pause(Math.min(...free.map((row) => this.#waitMs(row))), this.#context.signal);
    return 'later';
  }

  putBack(chunk: Chunk, busy?: BusyRows): void {
    for (const id of chunkIds(chunk)) {
      this.#held.delete(id);
      const known = this.#busy.get(id);
      if (known) this.#context.progress.waits(known, undefined);
      if (busy?.ids.includes(id)) this.#leave(id, (known?.failed ?? 0) + 1, busy.reason);
      else this.#busy.delete(id);
    }
  }

  #leave(id: string, failed: number, reason: string): void {
    const left = { failed, untilMs: performance.now() + backOffMs(failed) };
    this.#busy.set(id, left);
    this.#context.progress.waits(left, reason);
  }

  #free(): readonly PlannedRow[] {
    const { plan, tokens } = this.#context;
    return rowsOf(plan).filter((row) => tokens.has(row.token) && isWanted(plan, row) && !this.#held.has(rowId(row.group, row)));
  }

  #waitMs(row: PlannedRow): number {
    return (this.#busy.get(rowId(row.group, row))?.untilMs ?? 0) - performance.now();
  }

  async #choose(ready: readonly PlannedRow[]): Promise<Chunk> {
    const [first, ...others] = [...ready].reverse() as [PlannedRow, ...PlannedRow[]];
    const isBusy = (row: PlannedRow) => this.#busy.has(rowId(row.group, row));
    const together = isBusy(first) ? [first] : [first, ...others.filter((row) => !isBusy(row))];
    const candidates = alike(this.#context, together).slice(0, MOST_PLAN_ROWS);
    const ids = candidates.map((row) => rowId(row.group, row));
    for (const id of ids) this.#held.add(id);
    let chosen: ReadonlySet<string> = new Set();
    try {
      const chunk = await nextChunk(this.#context, candidates);
      chosen = new Set(chunkIds(chunk));
      return chunk;
    } catch (error) {
      this.isStopped = true;
      throw error;
    } finally {
      for (const id of ids) if (!chosen.has(id)) this.#held.delete(id);
    }
  }
}

type PlannedRow = PlanRow & { readonly group: string };
