import { backOffMs } from '../../fence';
import type { PlanRow, TopologyPlan } from '../../topology';
import { areAlike, type Chunk, chunkIds, MOST_PLAN_ROWS, nextChunk } from './chunk';
import type { BusyRows } from './move-chunk';
import type { MoveContext } from './move-context';
import { isBegun, isMoved, type PlannedRow, rowsOf } from './plan-edits';
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
    if (this.isStopped) return undefined;
    const candidates = this.#candidates();
    if (candidates.length > 0) return this.#choose(candidates);
    const waitsMs = [...this.#free()].map((row) => this.#waitMs(row));
    if (waitsMs.length === 0) return undefined;
    await pause(Math.max(0, Math.min(...waitsMs)), this.#context.signal);
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

  /** From above, for it is called for every chunk, and who needs few shall not look at all. */
  *#free(): Generator<PlannedRow> {
    const { plan, tokens } = this.#context;
    for (const row of fromEnd(rowsOf(plan))) {
      if (isWanted(plan, row) && tokens.has(row.token) && !this.#held.has(rowId(row.group, row))) yield row;
    }
  }

  /** Rows that may be the next chunk; none when all that is free has to wait. */
  #candidates(): readonly PlannedRow[] {
    const found: PlannedRow[] = [];
    for (const row of this.#free()) {
      if (this.#waitMs(row) > 0) continue;
      const [first] = found;
      const isBusy = this.#busy.has(rowId(row.group, row));
      if (!first && isBusy) return [row];
      if (!first || (!isBusy && areAlike(this.#context, first, row))) found.push(row);
      if (found.length === MOST_PLAN_ROWS) break;
    }
    return found;
  }

  #waitMs(row: PlannedRow): number {
    return (this.#busy.get(rowId(row.group, row))?.untilMs ?? 0) - performance.now();
  }

  async #choose(candidates: readonly PlannedRow[]): Promise<Chunk> {
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

function* fromEnd<T>(values: readonly T[]): Generator<T> {
  for (let index = values.length - 1; index >= 0; index -= 1) yield values[index] as T;
}
