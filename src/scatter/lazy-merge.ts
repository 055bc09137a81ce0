import type { ShardHandle } from '../cluster';
import { SortedMerge } from '../query';
import type { Beginning } from './keyset';
import type { RowOrder, SortedRow } from './order';

/** What is asked of one shard: so many rows after the ones it gave already. */
export interface PageRequest {
  readonly shard: ShardHandle;
  readonly after: Beginning | undefined;
  readonly limit: number;
  /** How many rows the shard leaves out; only at the beginning. */
  readonly offset: number;
}

/** How a lazy merge asks for rows. */
export interface PageSource<R extends SortedRow> {
  /** Fetches pages, at once; the answers are in the order of the requests. A page shorter than its limit is a shard's last. */
  readonly fetch: (requests: readonly PageRequest[]) => Promise<readonly (readonly R[])[]>;
  /** Where each shard's rows begin; undefined to begin at the beginning. */
  readonly after?: ((shard: ShardHandle) => Beginning) | undefined;
  /** How many rows are asked of each shard at first, and later. */
  readonly firstRows: number;
  readonly nextRows: number;
  /** How many rows each shard leaves out at the beginning. @defaultValue 0 */
  readonly offset?: number;
}

/** One shard's rows as far as they have been fetched and not yet been given. */
interface ShardStream<R> {
  readonly shard: ShardHandle;
  rows: readonly R[];
  after: Beginning | undefined;
  limit: number;
  offset: number;
  isLast: boolean;
}

/**
 * Merges the rows of several shards page by page. A shard is asked for its next page only when the merge has used up the one before
 * and wants another row, so at most one page of each is held, and what is not wanted is not asked for.
 */
export class LazyMerge<R extends SortedRow> {
  readonly #order: RowOrder;
  readonly #source: PageSource<R>;
  readonly #streams: readonly ShardStream<R>[];

  constructor(order: RowOrder, shards: readonly ShardHandle[], source: PageSource<R>) {
    this.#order = order;
    this.#source = source;
    const { after, firstRows: limit, offset = 0 } = source;
    this.#streams = shards.map((shard) => ({ shard, rows: [], after: after?.(shard), limit, offset, isLast: false }));
  }

  /**
   * The next rows: as many as can be told without asking a shard once more, at least one.
   *
   * @param max - the most rows wanted.
   * @returns No row when there is none left.
   */
  async next(max: number): Promise<readonly R[]> {
    await this.#refill();
    const [only, other] = this.#streams.filter(({ rows, isLast }) => rows.length > 0 || !isLast);
    if (only && !other) return this.#takeOf(only, max);
    const lists = this.#streams.map(({ rows }) => rows);
    const { merged, taken } = await this.#order.settle(lists, (compare) => this.#merge(lists, compare, max));
    for (const [index, stream] of this.#streams.entries()) stream.rows = stream.rows.slice(taken[index]);
    return merged;
  }

  /** The only shard that has rows left needs no comparison. */
  #takeOf(stream: ShardStream<R>, max: number): readonly R[] {
    const rows = stream.rows.slice(0, max);
    stream.rows = stream.rows.slice(max);
    return rows;
  }

  async #refill(): Promise<void> {
    const empty = this.#streams.filter(({ rows, isLast }) => rows.length === 0 && !isLast);
    if (empty.length === 0) return;
    const pages = await this.#source.fetch(empty);
    for (const [index, stream] of empty.entries()) {
      const rows = pages[index] ?? [];
      this.#order.admit(rows);
      stream.rows = rows;
      stream.isLast = rows.length < stream.limit;
      const last = rows.at(-1);
      if (last) stream.after = { values: last.values };
      stream.limit = this.#source.nextRows;
      stream.offset = 0;
    }
  }

  /** Stops where the next row of a shard is not known yet, since it might come first. */
  #merge(lists: readonly (readonly R[])[], compare: (a: R, b: R) => number, max: number) {
    const merge = new SortedMerge(lists, compare);
    const merged: R[] = [];
    for (let list = merge.first; list !== undefined && merged.length < max; list = merge.first) {
      merged.push(merge.take());
      const isUsedUp = merge.takenOf(list) === lists[list]?.length;
      if (isUsedUp && !this.#streams[list]?.isLast) break;
    }
    return { merged, taken: lists.map((_, list) => merge.takenOf(list)) };
  }
}
