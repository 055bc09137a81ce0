import type { ObjectLiteral } from 'typeorm';
import type { Page } from '../scatter';
import type { FindPageOptions } from './find-page';
import type { IterateOptions } from './iterate';

/**
 * Iterates page by page, each of them a call of its own that goes by the newest topology, so that rows may move meanwhile: a page begins
 * after the last row of the one before, wherever its rows are.
 */
export async function* iteratePages(
  pageOf: (options: FindPageOptions<ObjectLiteral>) => Promise<Page<ObjectLiteral>>,
  options: IterateOptions<ObjectLiteral>,
): AsyncGenerator<ObjectLiteral, void, undefined> {
  const { pageRows = 500, signal, skip = 0, take = Number.POSITIVE_INFINITY, ...find } = options;
  let [toSkip, left] = [skip, take];
  let after: string | null = null;
  do {
    signal?.throwIfAborted();
    const limit = Math.min(pageRows, 10_000, toSkip + left);
    if (limit === 0) return;
    const page: Page<ObjectLiteral> = await pageOf({ ...find, limit, after });
    for (const row of page.rows.slice(toSkip)) {
      signal?.throwIfAborted();
      yield row;
    }
    left -= Math.max(0, page.rows.length - toSkip);
    toSkip = Math.max(0, toSkip - page.rows.length);
    after = page.next;
  } while (after !== null && left > 0);
}
