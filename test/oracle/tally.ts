import { ShardingError } from '../../src';
import type { Call } from './calls';
import { featuresOf } from './features';
import type { Answer } from './run-call';

const LEAST_SHARE = 0.02;
const MOST_REFUSED = 0.05;

/** How far from a share chance takes a run of so many calls: four standard deviations. */
function chance(share: number, calls: number): number {
  return 4 * Math.sqrt((share * (1 - share)) / Math.max(1, calls));
}

/** Counts what the calls of a run were and what became of them. */
export class Tally {
  readonly #features = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly #different = new Map<string, number>();
  #compared = 0;
  readonly #failedAlike = new Map<string, number>();

  /** Calls whose answers were held against the one database's. */
  get compared(): number {
    return this.#compared;
  }

  get refused(): number {
    return sum(this.#refusals);
  }

  /** Calls that a cluster answered differently. */
  get different(): number {
    return sum(this.#different);
  }

  /** Share of the calls that the cluster refused. */
  get refusedShare(): number {
    return this.refused / Math.max(1, this.refused + this.#compared);
  }

  /** A call that fails in the one database as on the clusters shows little, so it is listed only; not so one that finds nothing. */
  addCompared(call: Call, expected: Answer): void {
    if (expected.kind === 'error' && expected.error.name !== 'EntityNotFoundError') {
      increment(
        this.#failedAlike,
        `${call.operation}: ${String(expected.error)
          .split('\n')[0]
          ?.replace(/distinctAlias\.\w+/, 'distinctAlias.…')
          .slice(0, 150)}`,
      );
      return;
    }
    this.#compared += 1;
    for (const feature of featuresOf(call)) increment(this.#features, feature);
  }

  addDifferent(call: Call): void {
    increment(this.#different, call.operation);
  }

  addRefused(call: Call, reason: string): void {
    increment(this.#refusals, `${call.operation}: ${reason}`);
  }

  /** Whether the cluster refused more calls than a run may be refused. */
  get isRefusedTooOften(): boolean {
    return this.refusedShare > MOST_REFUSED + chance(MOST_REFUSED, this.#compared);
  }

  /** Features that fewer calls had than chance explains, or none, among those that are promised. */
  rareFeatures(promised: readonly string[]): readonly string[] {
    const least = LEAST_SHARE - chance(LEAST_SHARE, this.#compared);
    return promised
      .filter((feature) => this.#share(feature) < least || !this.#features.has(feature))
      .map((feature) => `${feature}: ${percent(this.#share(feature))}`);
  }

  /** The run in lines for people. */
  report(title: string): string {
    return [
      `${title}: ${this.#compared} calls compared; ${this.refused} refused (${percent(this.refusedShare)}):`,
      ...lines(this.#refusals),
      ...(this.different > 0 ? ['Answered differently:', ...lines(this.#different)] : []),
      'Not counted, since one database fails in the same way:',
      ...lines(this.#failedAlike),
      'Share of the compared calls that had:',
      ...columns([...this.#features.keys()].toSorted().map((feature) => `${percent(this.#share(feature)).padStart(6)} ${feature}`)),
    ].join('\n');
  }

  #share(feature: string): number {
    return (this.#features.get(feature) ?? 0) / Math.max(1, this.#compared);
  }
}

/** Why a cluster refused a call; undefined when it did not. A refusal is one of these codes, no fault of a statement. */
export function refusalOf(answer: Answer): string | undefined {
  if (answer.kind !== 'error' || !(answer.error instanceof ShardingError) || !REFUSALS.has(answer.error.code)) return undefined;
  const { code, feature } = answer.error as ShardingError & { readonly feature?: string };
  return feature === undefined ? code : `${code} (${feature})`;
}

const REFUSALS = new Set(['ERR_SCATTER_UNSUPPORTED', 'ERR_MERGE_ORDER', 'ERR_SHARD_REQUIRED']);

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function lines(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts].toSorted(([, a], [, b]) => b - a).map(([reason, count]) => `  ${count} × ${reason}`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function columns(cells: readonly string[]): readonly string[] {
  const width = Math.max(...cells.map(({ length }) => length)) + 2;
  const rows = Math.ceil(cells.length / 3);
  return Array.from({ length: rows }, (_, row) =>
    `  ${[0, 1, 2].map((at) => (cells[at * rows + row] ?? '').padEnd(width)).join('')}`.trimEnd(),
  );
}
