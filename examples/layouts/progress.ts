import { Presets, SingleBar } from 'cli-progress';

/** Says how far the work is. */
export interface Progress {
  begin(label: string, total: number): void;
  advance(by: number): void;
  end(): void;
}

/** A bar on a terminal; elsewhere a line at each half. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new ProgressBar(stream) : new ProgressLines(stream);
}

class ProgressBar implements Progress {
  readonly #bar: SingleBar;

  constructor(stream: NodeJS.WriteStream) {
    this.#bar = new SingleBar(
      { stream, format: '{label} {bar} {value}/{total}', clearOnComplete: true, hideCursor: true },
      Presets.shades_classic,
    );
  }

  begin(label: string, total: number): void {
    this.#bar.start(total, 0, { label });
  }

  advance(by: number): void {
    this.#bar.increment(by);
  }

  end(): void {
    this.#bar.stop();
  }
}

class ProgressLines implements Progress {
  #label = '';
  #total = 0;
  #done = 0;

  constructor(readonly stream: Pick<NodeJS.WriteStream, 'write'>) {}

  begin(label: string, total: number): void {
    [this.#label, this.#total, this.#done] = [label, total, 0];
  }

  advance(by: number): void {
    const before = this.#halves();
    this.#done += by;
    if (this.#halves() > before) this.stream.write(`${this.#label} ${this.#done}/${this.#total}\n`);
  }

  end(): void {}

  #halves(): number {
    return Math.floor((2 * this.#done) / this.#total);
  }
}
