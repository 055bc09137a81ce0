/** Decides when a call is over before its work is done: at a time, by a signal, or because it is told so. The first reason stays. */
export class CallEnd {
  readonly #over: Promise<never>;
  #refuse: (reason: unknown) => void = () => undefined;
  #reason: { readonly error: unknown } | undefined;
  readonly #close: () => void;
  readonly #until: number;
  readonly #timedOut: () => unknown;

  /**
   * @param call.signal - its reason becomes the call's error.
   * @param call.timedOut - makes the call's error when `timeoutMs` have passed.
   */
  constructor(call: { readonly signal?: AbortSignal; readonly timeoutMs?: number; readonly timedOut: () => unknown }) {
    const { signal, timeoutMs } = call;
    this.#over = new Promise<never>((_, refuse) => {
      this.#refuse = refuse;
    });
    // A call that ends well waits for nobody's end.
    this.#over.catch(() => undefined);
    this.#until = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#timedOut = call.timedOut;
    const aborted = () => this.end(signal?.reason);
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.end(call.timedOut()), timeoutMs);
    signal?.addEventListener('abort', aborted, { once: true });
    this.#close = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
    if (signal?.aborted) aborted();
  }

  /** Whether the call is over before its work is done. */
  get isOver(): boolean {
    return this.#reason !== undefined;
  }

  /** The call's error, when it is over. */
  get error(): unknown {
    return this.#reason?.error;
  }

  /** Ends the call with an error. */
  end(error: unknown): void {
    if (this.#reason) return;
    this.#reason = { error };
    this.#refuse(error);
  }

  /** @throws the call's error when it is over, also by a time that passed while a statement of an embedded database kept timers waiting. */
  throwIfOver(): void {
    if (performance.now() >= this.#until) this.end(this.#timedOut());
    if (this.#reason) throw this.#reason.error;
  }

  /** Waits for work, but not beyond the end of the call. @throws the call's error when it is over first. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#over]);
  }

  /** Stops the clock and leaves the signal alone. */
  close(): void {
    this.#close();
  }
}
