/** Which topology versions calls of this process still go by: what they hold is not acknowledged as passed. */
export class HeldVersions {
  readonly #calls = new Map<number, number>();

  /** Holds a version until the returned function is called. */
  hold(version: number): () => void {
    this.#calls.set(version, (this.#calls.get(version) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#calls.get(version) ?? 1) - 1;
      if (left > 0) this.#calls.set(version, left);
      else this.#calls.delete(version);
    };
  }

  /** Holds a version while work runs. @param isHeld - whether it is to be held at all. */
  during<T>(version: number, work: () => Promise<T>, isHeld = true): Promise<T> {
    if (!isHeld) return work();
    const release = this.hold(version);
    try {
      const done = work();
      done.then(release, release);
      return done;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The version that nothing in this process is older than. @param current - what new calls go by. */
  acknowledged(current: number): number {
    return Math.min(current, ...this.#calls.keys());
  }
}
