import type { TopologyPlan } from '../../topology';
import type { ReshardPlan } from '../reshard-plan';
import type { PairProgress, ReshardProgress, ReshardReport, WritePause } from '../reshard-run';

/** How far back the speed looks, in milliseconds. */
const WINDOW_MS = 10_000;

/** How many pauses are kept for the percentiles; later ones replace earlier ones. */
const MOST_PAUSES = 10_000;

/** What one process counts while it moves. */
export class RunProgress {
  readonly #pairs = new Map<string, { readonly from: string; readonly to: string; moved: number; readonly planned: number }>();
  readonly #pauses: number[] = [];
  readonly #recent: { readonly atMs: number; readonly rows: number }[] = [];
  readonly #waits = new Map<object, string>();
  readonly #begunMs = performance.now();
  readonly #plannedRows: number;
  #movingMs: { readonly from: number; until: number } | undefined;
  #movedRows = 0;
  #chunks = 0;
  #cleanedRows = 0;
  #retries = 0;

  /** @param planned - the plan with its estimates, where this process has them. */
  constructor(
    readonly planId: string,
    planned: Pick<ReshardPlan, 'groups' | 'rows'> | undefined,
  ) {
    this.#plannedRows = planned?.rows ?? 0;
    for (const { from, to, rows } of planned?.groups.flatMap(({ moves }) => moves) ?? []) {
      const known = this.#pairs.get(pairName(from, to));
      this.#pairs.set(pairName(from, to), { from, to, moved: 0, planned: rows + (known?.planned ?? 0) });
    }
  }

  /** Says that a chunk begins to move. */
  moving(): void {
    const from = performance.now();
    this.#movingMs ??= { from, until: from };
  }

  /** Counts rows that a commit has moved. */
  moved(from: string, to: string, rows: number): void {
    const pair = this.#pairs.get(pairName(from, to)) ?? { from, to, moved: 0, planned: 0 };
    pair.moved += rows;
    this.#pairs.set(pairName(from, to), pair);
    this.#movedRows += rows;
    const atMs = performance.now();
    this.#recent.push({ atMs, rows });
    if (this.#movingMs) this.#movingMs.until = atMs;
  }

  /** Counts a chunk. @param pauseMs - how long its rows were frozen. */
  chunk(pauseMs: number): void {
    this.#pauses[this.#chunks % MOST_PAUSES] = pauseMs;
    this.#chunks += 1;
  }

  retried(): void {
    this.#retries += 1;
  }

  cleaned(rows: number): void {
    this.#cleanedRows += rows;
  }

  /** Says for whom or what somebody waits; undefined: not any more. */
  waits(waiter: object, reason: string | undefined): void {
    if (reason === undefined) this.#waits.delete(waiter);
    else this.#waits.set(waiter, reason);
  }

  /** Rows that have moved so far, by this process. */
  get movedRows(): number {
    return this.#movedRows;
  }

  at(plan: TopologyPlan | null): ReshardProgress {
    const [waitingFor] = this.#waits.values();
    return {
      planId: this.planId,
      phase: plan?.phase ?? 'disarming',
      movedRows: this.#movedRows,
      totalRows: Math.max(this.#plannedRows, this.#movedRows),
      rowsPerSecond: this.#speed(),
      pauseMs: this.#pauseMs(),
      pairs: [...this.#pairs.values()].map(toPair),
      chunks: this.#chunks,
      cleanedRows: this.#cleanedRows,
      ...(waitingFor === undefined ? {} : { waitingFor }),
      isPaused: plan?.order === 'pause',
    };
  }

  report(outcome: ReshardReport['outcome']): ReshardReport {
    const seconds = (performance.now() - this.#begunMs) / 1_000;
    const { from = 0, until = 0 } = this.#movingMs ?? {};
    return {
      planId: this.planId,
      outcome,
      movedRows: this.#movedRows,
      cleanedRows: this.#cleanedRows,
      chunks: this.#chunks,
      retries: this.#retries,
      seconds,
      rowsPerSecond: until > from ? (this.#movedRows * 1_000) / (until - from) : 0,
      pauseMs: this.#pauseMs(),
    };
  }

  #speed(): number {
    const nowMs = performance.now();
    while (this.#recent[0] && this.#recent[0].atMs < nowMs - WINDOW_MS) this.#recent.shift();
    const rows = this.#recent.reduce((sum, each) => sum + each.rows, 0);
    const lengthMs = Math.min(WINDOW_MS, nowMs - this.#begunMs);
    return rows === 0 ? 0 : (rows * 1_000) / Math.max(lengthMs, 1);
  }

  #pauseMs(): WritePause {
    const sorted = [...this.#pauses].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

function pairName(from: string, to: string): string {
  return JSON.stringify([from, to]);
}

function toPair({ from, to, moved, planned }: { from: string; to: string; moved: number; planned: number }): PairProgress {
  return { from, to, movedRows: moved, totalRows: Math.max(planned, moved) };
}
