import type { ReshardProgress } from '../../reshard/reshard-run';
import type { Output } from '../output';
import { jsonLine } from '../text/json-text';
import type { ProgressView } from './progress-view';

/** One JSON document on a line for each progress: for programs. */
export class JsonView implements ProgressView {
  readonly #output: Pick<Output, 'result'>;

  constructor(output: Pick<Output, 'result'>) {
    this.#output = output;
  }

  async show(progress: ReshardProgress): Promise<void> {
    await this.#output.result(`${jsonLine({ event: 'progress', ...progress })}\n`);
  }

  end(): void {}
}
