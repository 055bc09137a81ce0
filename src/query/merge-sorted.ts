/**
 * Merges lists that are each sorted by `compare` into one, and stops after `limit` items.
 *
 * Of equal items those of earlier lists come first. It is a k-way merge by a binary heap of the lists' heads, so it compares about
 * log2(number of lists) times for each item that it gives, and never looks at what comes after the limit.
 *
 * @param limit - the most items wanted; all of them by default.
 * @see Knuth, The Art of Computer Programming, vol. 3, 5.4.1.
 */
export function mergeSorted<T>(
  lists: readonly (readonly T[])[],
  compare: (a: T, b: T) => number,
  limit: number = Number.POSITIVE_INFINITY,
): T[] {
  const merge = new SortedMerge(lists, compare);
  const merged: T[] = [];
  while (merged.length < limit) {
    const index = merge.first;
    if (index === undefined) break;
    merged.push(merge.take());
  }
  return merged;
}

/** A merge that can be stopped before any item, for lists of which more may come. */
export class SortedMerge<T> {
  readonly #lists: readonly (readonly T[])[];
  readonly #compare: (a: T, b: T) => number;
  /** How many items of each list were taken. */
  readonly #taken: number[];
  /** The lists that are not exhausted, as a heap by their heads. */
  readonly #heap: number[] = [];

  constructor(lists: readonly (readonly T[])[], compare: (a: T, b: T) => number) {
    this.#lists = lists;
    this.#compare = compare;
    this.#taken = lists.map(() => 0);
    for (const [index, list] of lists.entries()) if (list.length > 0) this.#heap.push(index);
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at -= 1) this.#sink(at);
  }

  /** The list that holds the next item; undefined when all are exhausted. */
  get first(): number | undefined {
    return this.#heap[0];
  }

  /** How many items of a list were taken. */
  takenOf(list: number): number {
    return this.#taken[list] ?? 0;
  }

  /** Takes the next item; only while {@link first} is there. */
  take(): T {
    const list = this.#heap[0] as number;
    const item = this.#headOf(list);
    this.#taken[list] = this.takenOf(list) + 1;
    if (this.takenOf(list) === this.#lists[list]?.length) this.#drop();
    if (this.#heap.length > 1) this.#sink(0);
    return item;
  }

  #drop(): void {
    const last = this.#heap.pop();
    if (this.#heap.length > 0 && last !== undefined) this.#heap[0] = last;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child = right < heap.length && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, at)) return;
      [heap[at], heap[child]] = [heap[child] as number, heap[at] as number];
      at = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [listA, listB] = [this.#heap[a] as number, this.#heap[b] as number];
    const order = this.#compare(this.#headOf(listA), this.#headOf(listB));
    return order === 0 ? listA < listB : order < 0;
  }

  #headOf(list: number): T {
    return this.#lists[list]?.[this.takenOf(list)] as T;
  }
}
