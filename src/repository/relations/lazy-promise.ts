/**
 * The promise of a lazy relation. TypeORM derives a promise of its own from the one that it gives to the caller and handles no failure
 * of it; that would end the process though the caller handles theirs.
 */
export class LazyPromise<T> extends Promise<T> {
  // biome-ignore lint/suspicious/noThenProperty: what TypeORM calls on the promise is what has to be changed
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const derived = super.then(fulfilled, rejected);
    // Whoever waits for the derived promise still gets the failure; this only says that it may stay without a listener.
    if (!rejected) super.then.call(derived, undefined, () => undefined);
    return derived;
  }
}
