import type { ReshardProgress } from '../../reshard/reshard-run';
import type { Output } from '../output';
import { progressLine } from './progress-text';
import type { ProgressView } from './progress-view';

/** How often a line is written while nothing but numbers changes. */
const EVERY_MS = 5_000;

/** A line every few seconds, and one at each new phase, pause and wait: for logs. */
export class LineView implements ProgressView {
  readonly #output: Pick<Output, 'story'>;
  readonly #now: () => number;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #state = '';

  /** @param now - monotonic, in milliseconds. */
  constructor(output: Pick<Output, 'story'>, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  async show(progress: ReshardProgress): Promise<void> {
    const { phase, isPaused, waitingFor = '' } = progress;
    const state = `${phase} ${isPaused} ${waitingFor}`;
    if (state === this.#state && this.#now() - this.#writtenMs < EVERY_MS) return;
    this.#state = state;
    this.#writtenMs = this.#now();
    await this.#output.story(`${progressLine(progress)}\n`);
  }

  end(): void {}
}
