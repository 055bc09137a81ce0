import { Format, type GenericFormatter, MultiBar, type Options, Presets, type SingleBar } from 'cli-progress';
import type { PairProgress, ReshardProgress } from '../../reshard/reshard-run';
import { counted } from '../text/quantities';
import { amountText, statusLine } from './progress-text';
import type { ProgressView } from './progress-view';

/** What one line of the view shows. */
interface BarLine {
  readonly label: string;
  readonly text: string;
}

/** Lines that are kept free on the terminal: the overall bar, its status, the line for more pairs, and that of the cursor. */
const OTHER_LINES = 4;

/**
 * An overall bar with the state of the run below it, and a bar for each pair of shards, as many as the terminal has lines for. It uses
 * no colours, and is cut where the terminal ends.
 */
export class BarView implements ProgressView {
  readonly #bars: MultiBar;
  readonly #most: number;
  readonly #overall: SingleBar;
  readonly #status: SingleBar;
  readonly #pairs = new Map<string, SingleBar>();
  #more: SingleBar | undefined;

  constructor(terminal: NodeJS.WriteStream) {
    // The command ends in order by itself, so the bars must not listen to signals.
    const options: Options = { stream: terminal, hideCursor: true, gracefulExit: false, linewrap: true, barsize: 24, fps: 5 };
    this.#bars = new MultiBar({ ...options, format: barFormat, emptyOnZero: true }, Presets.shades_classic);
    this.#most = Math.max(1, (terminal.rows ?? 24) - OTHER_LINES);
    this.#overall = this.#bars.create(0, 0, { label: 'all', text: '' });
    this.#status = this.#bars.create(0, 0, { label: '', text: '' }, { format: textFormat });
  }

  show(progress: ReshardProgress): void {
    const width = Math.max(3, ...progress.pairs.map((pair) => labelOf(pair).length));
    draw(this.#overall, progress, 'all'.padEnd(width));
    this.#status.update(0, { text: statusLine(progress) });
    for (const pair of progress.pairs.slice(0, this.#most)) draw(this.#barOf(pair), pair, labelOf(pair).padEnd(width));
    this.#showMore(progress.pairs.length - this.#most);
  }

  end(): void {
    this.#bars.stop();
  }

  #barOf(pair: PairProgress): SingleBar {
    const label = labelOf(pair);
    const bar = this.#pairs.get(label) ?? this.#bars.create(0, 0, { label, text: '' });
    this.#pairs.set(label, bar);
    return bar;
  }

  #showMore(count: number): void {
    if (count <= 0) return;
    this.#more ??= this.#bars.create(0, 0, { label: '', text: '' }, { format: textFormat });
    this.#more.update(0, { text: `and ${counted(count, 'more pair')} of shards` });
  }
}

const barFormat: GenericFormatter = (options, { progress }, { label, text }: BarLine) =>
  `${label}  ${Format.BarFormat(progress, options)} ${text}`;

const textFormat: GenericFormatter = (_options, _params, { text }: BarLine) => text;

function draw(bar: SingleBar, amount: Pick<PairProgress, 'movedRows' | 'totalRows'>, label: string): void {
  bar.setTotal(amount.totalRows);
  bar.update(amount.movedRows, { label, text: amountText(amount) });
}

function labelOf({ from, to }: PairProgress): string {
  return `${from} -> ${to}`;
}
