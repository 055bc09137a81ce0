import { Presets, SingleBar } from 'cli-progress';

/** Says how far the work is. */
export interface Progress {
  /** @param total - how much it is as far as is known; it may become more. */
  begin(label: string, total: number): void;
  advance(by: number): void;
  end(): void;
  /** Tells something on a line of its own; no work may have begun that has not ended. */
  say(line: string): void;
}

/** A bar on a terminal; elsewhere a line at each half. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new ProgressBar(stream) : new ProgressLines(stream);
}

class ProgressBar implements Progress {
  readonly #bar: SingleBar;
  #done = 0;

  constructor(readonly stream: NodeJS.WriteStream) {
    this.#bar = new SingleBar(
      { stream, format: '{label} {bar} {value}/{total}', clearOnComplete: true, hideCursor: true },
      Presets.shades_classic,
    );
  }

  begin(label: string, total: number): void {
    this.#done = 0;
    this.#bar.start(total, 0, { label });
  }

  advance(by: number): void {
    this.#done += by;
    if (this.#done > this.#bar.getTotal()) this.#bar.setTotal(this.#done);
    this.#bar.update(this.#done);
  }

  end(): void {
    this.#bar.stop();
  }

  say(line: string): void {
    this.stream.write(`${line}\n`);
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
    if (this.#halves() > before) this.stream.write(`${this.#label} ${this.#done}/${Math.max(this.#done, this.#total)}\n`);
  }

  end(): void {}

  say(line: string): void {
    this.stream.write(`${line}\n`);
  }

  #halves(): number {
    return Math.floor((2 * this.#done) / this.#total);
  }
}
