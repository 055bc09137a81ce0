import type { FindManyOptions, ObjectLiteral, Repository } from 'typeorm';
import { ShardedRepository } from '../../src';

/** One page as `findPage` answers it. */
interface Page {
  readonly rows: readonly ObjectLiteral[];
  readonly next: string | null;
  readonly previous: string | null;
}

type FindPage = (options: object) => Promise<Page>;

/** More pages than any data set has rows: a cursor that leads nowhere fails instead of hanging. */
const MOST_PAGES = 200;

/**
 * Reads all pages forwards, and then backwards from the last one, by cursors alone.
 *
 * @returns All rows in order. On one database, what they have to be.
 * @throws Error when the pages are not as long as they must be, or the way back shows other rows.
 */
export async function walkPages(repository: Repository<ObjectLiteral>, options: FindManyOptions<ObjectLiteral>): Promise<unknown> {
  const { take: limit = 1, ...list } = options;
  if (!(repository instanceof ShardedRepository)) return repository.find(list);
  const { findPage } = repository as unknown as { readonly findPage: FindPage };
  const read = (cursor: object) => findPage.call(repository, { ...list, limit, ...cursor });
  const forwards = await walk(await read({}), (page) => page.next && read({ after: page.next }));
  const backwards = await walk(forwards.at(-1) as Page, (page) => page.previous && read({ before: page.previous }));
  checkPages(forwards, backwards, limit);
  return forwards.flatMap(({ rows }) => rows);
}

async function walk(first: Page, next: (page: Page) => Promise<Page> | '' | null): Promise<readonly Page[]> {
  const pages = [first];
  for (let page = await next(first); page; page = await next(page)) {
    pages.push(page);
    if (pages.length > MOST_PAGES) throw new Error(`The cursors lead through more than ${MOST_PAGES} pages.`);
  }
  return pages;
}

function checkPages(forwards: readonly Page[], backwards: readonly Page[], limit: number): void {
  const lengths = forwards.map(({ rows }) => rows.length);
  const full = lengths.slice(0, -1).every((length) => length === limit);
  if (!full || (forwards.length > 1 && lengths.at(-1) === 0)) throw new Error(`Pages of ${limit} rows have ${lengths.join(', ')} rows.`);
  if (forwards[0]?.previous !== null) throw new Error('The first page says that there is one before it.');
  const there = JSON.stringify(
    forwards.map(({ rows }) => rows),
    plain,
  );
  const back = JSON.stringify(
    backwards.toReversed().map(({ rows }) => rows),
    plain,
  );
  if (there !== back) throw new Error(`The way back shows other pages: ${back} instead of ${there}.`);
}

function plain(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
