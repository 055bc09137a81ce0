/**
 * Iterates over the items of batches, one by one. An async generator would do the same at several times the cost of an item: a row
 * that is at hand is given without waiting for anything.
 */
export class BatchIterator<T> implements AsyncIterableIterator<T, void, undefined> {
  readonly #batches: AsyncGenerator<readonly T[], void, undefined>;
  readonly #signal: AbortSignal | undefined;
  #batch: readonly T[] = [];
  #at = 0;
  /** The end of the calls that wait for a batch; calls without waiting in between are answered in turn. */
  #last: Promise<unknown> | undefined;

  /** @param signal - ends the iteration with its reason, at the next item. */
  constructor(batches: AsyncGenerator<readonly T[], void, undefined>, signal?: AbortSignal) {
    this.#batches = batches;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#signal?.aborted) return this.#fail(this.#signal.reason);
    if (!this.#last && this.#at < this.#batch.length) return Promise.resolve(this.#take());
    const turn = (this.#last ?? Promise.resolve()).then(() => this.#fetch());
    this.#last = turn;
    return turn.finally(() => {
      if (this.#last === turn) this.#last = undefined;
    });
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#batch = [];
    await this.#batches.return();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #fetch(): Promise<IteratorResult<T, void>> {
    while (this.#at >= this.#batch.length) {
      const next = await this.#batches.next();
      if (next.done) return { done: true, value: undefined };
      this.#batch = next.value;
      this.#at = 0;
    }
    return this.#signal?.aborted ? this.#fail(this.#signal.reason) : this.#take();
  }

  #take(): IteratorResult<T, void> {
    const value = this.#batch[this.#at] as T;
    this.#at += 1;
    return { done: false, value };
  }

  async #fail(reason: unknown): Promise<never> {
    await this.return();
    throw reason;
  }
}
