import type { ShardHandle } from '../cluster';
import { append } from '../query';
import type { EntityRow } from './entity-row';
import { type KeyRow, ShardFetch } from './fetch';
import { afterCondition, type Beginning } from './keyset';
import { LazyMerge, type PageRequest } from './lazy-merge';
import { RowOrder, type SortedRow, type SortPlan } from './order';
import type { ScatterCall } from './scatter-call';
import type { Stretch } from './statements';
import { makeEntities } from './whole-row';

/** Which rows of the merged list are wanted. */
export interface PageWanted {
  readonly skip: number;
  readonly take: number;
  /** Where each shard's rows begin. */
  readonly after?: ((shard: ShardHandle) => Beginning) | undefined;
  /** One row more tells whether there is another page; it is not part of the page. */
  readonly peek?: boolean;
}

/** A page, and whether rows follow it; that is known only when it was asked for. */
export interface FoundPage {
  readonly rows: readonly EntityRow[];
  /** The places of the page's rows, also of those that were gone before they could be loaded. */
  readonly places: readonly KeyRow[];
  readonly hasMore: boolean;
}

/**
 * How many rows the shards are asked for at first:
 *
 * * `all`: each for as many as the page could need of it
 * * `fair share`: each for its share and a margin, and those whose share was too small once more
 * * `window`: as before, but each leaves out the rows that are surely before the page
 */
export type PageStrategy = 'all' | 'fair share' | 'window';

/**
 * Reads a page. Rows are read whole where few of them are read in vain; otherwise by keys first, because rows before the page are
 * needed only to be counted, and rows of to-many relations cannot be cut.
 *
 * @param isOneRowEach - whether each entity is complete with one row of its shard's statement.
 */
export async function readPage(call: ScatterCall, plan: SortPlan, wanted: PageWanted, isOneRowEach: boolean): Promise<FoundPage> {
  const { take, peek } = wanted;
  const most = { ...wanted, take: peek ? take + 1 : take };
  if (plan.keyPlaces.length === 0) return { ...(await readKeyless(call, plan, most)), hasMore: false };
  if (isOneRowEach && isReadWhole(most)) {
    const found = await pageRows(call, plan, most, (fetch, stretch) => fetch.rows(stretch));
    const places = found.slice(0, take);
    return { rows: await makeEntities(places), places, hasMore: found.length > take };
  }
  const keys = await pageKeys(call, plan, most);
  const places = keys.slice(0, take);
  return { rows: await loadKeys(call, plan, places), places, hasMore: keys.length > take };
}

/** Rows without a key can be neither named nor asked for after one another, so each shard gives all that the page could need. */
async function readKeyless(call: ScatterCall, plan: SortPlan, wanted: PageWanted): Promise<Pick<FoundPage, 'rows' | 'places'>> {
  const rows = await pageRows(call, plan, wanted, (fetch, stretch) => fetch.entities(stretch), 'all');
  return { rows, places: rows };
}

/**
 * Whether a page's rows are read whole at once: when at most about as many are read in vain as are wanted. Further in, an index over
 * the order gives keys several times faster than it leads to the rows.
 */
export function isReadWhole({ skip, take }: PageWanted): boolean {
  return skip <= take;
}

/** Finds the sort values of a page, and nothing else of its rows. */
export function pageKeys(call: ScatterCall, plan: SortPlan, wanted: PageWanted, strategy?: PageStrategy): Promise<readonly KeyRow[]> {
  return pageRows(call, plan, wanted, (fetch, stretch) => fetch.keys(stretch), strategy);
}

/** Loads the entities of keys, each shard's in one statement or a few; in the order of the keys, without those that are gone. */
export async function loadKeys(call: ScatterCall, plan: SortPlan, keys: readonly KeyRow[]): Promise<readonly EntityRow[]> {
  const byShard = new Map<ShardHandle, KeyRow[]>();
  for (const key of keys) append(byShard, key.shard, key);
  const shards = [...byShard.keys()];
  if (shards.length === 0) return [];
  const loaded = await call.access.runAll(call.operation, shards, async (manager, shard) => {
    const own = byShard.get(shard) ?? [];
    const rows = await new ShardFetch(call, plan, shard, manager).named(own);
    return own.map((key, index) => [key, rows[index]] as const);
  });
  const byKey = new Map(loaded.flat());
  return keys.flatMap((key) => byKey.get(key) ?? []);
}

type Fetch<R> = (fetch: ShardFetch, stretch: Stretch) => Promise<R[]>;

/** A row of a shard. */
interface ShardRow extends SortedRow {
  readonly shard: ShardHandle;
}

async function pageRows<R extends ShardRow>(
  call: ScatterCall,
  plan: SortPlan,
  wanted: PageWanted,
  fetch: Fetch<R>,
  strategy: PageStrategy = 'window',
): Promise<readonly R[]> {
  const { skip, take, peek } = wanted;
  const { shards, access } = call;
  const window = strategy === 'window' ? windowOf(wanted, shards.length) : wholeWindow(wanted, shards.length, strategy);
  const before = skip - window.offset * shards.length;
  const merge = new LazyMerge<R>(new RowOrder(call, plan), shards, {
    fetch: (requests) => fetchEach(call, plan, requests, fetch),
    after: wanted.after,
    firstRows: window.share,
    nextRows: Math.max(16, window.share >> 2),
    offset: window.offset,
  });
  // One row more than the budget allows is enough to fail.
  const rows = await takeRows(merge, Math.min(before + take, (access.maxRows ?? Number.POSITIVE_INFINITY) + 1));
  // What a shard left out comes before its first row, and so before the page when that row does; else the count is not known.
  const shown = new Set(rows.slice(0, before + 1).map(({ shard }) => shard));
  if (window.offset > 0 && shown.size < shards.length) return pageRows(call, plan, wanted, fetch, 'fair share');
  // What the page needed, skipped rows among it; what a share holds beyond that is a matter of how it is read.
  access.admitRows(Math.min(skip - before + rows.length, skip + take - Number(peek ?? false)));
  return rows.slice(before);
}

/** How many of its rows each shard leaves out at first, and how many it gives after them. */
export interface Window {
  readonly offset: number;
  readonly share: number;
}

/** Each shard leaves out as many rows as are surely before the page when rows are spread evenly. */
export function windowOf(wanted: PageWanted, shards: number): Window {
  const { skip, take, after } = wanted;
  const offset = Math.floor(skip / shards - SURE * deviation(skip, shards));
  if (offset < LEAST_OFFSET || shards === 1 || after !== undefined) return wholeWindow(wanted, shards, 'fair share');
  return { offset, share: firstShare(skip + take, shards) - offset };
}

function wholeWindow({ skip, take }: PageWanted, shards: number, strategy: PageStrategy): Window {
  return { offset: 0, share: strategy === 'all' ? skip + take : firstShare(skip + take, shards) };
}

/** How far a shard's share is trusted, in standard deviations: one round trip more is dearer than some rows in vain. */
const SURE = 3;
/** Fewer rows are sooner read than left out. */
const LEAST_OFFSET = 32;

async function takeRows<R extends SortedRow>(merge: LazyMerge<R>, wanted: number): Promise<R[]> {
  const rows: R[] = [];
  while (rows.length < wanted) {
    const next = await merge.next(wanted - rows.length);
    if (next.length === 0) break;
    for (const row of next) rows.push(row);
  }
  return rows;
}

/** What each shard has at most, as good as surely, of so many rows when rows are spread evenly. */
function firstShare(rows: number, shards: number): number {
  return Math.min(rows, Math.ceil(rows / shards + SURE * deviation(rows, shards)));
}

/** The standard deviation of how many of so many rows one of the shards has: that of the binomial distribution. */
function deviation(rows: number, shards: number): number {
  return Math.sqrt((rows / shards) * (1 - 1 / shards));
}

/** Fetches a page of each request's shard, all at once. */
export function fetchEach<R>(
  call: ScatterCall,
  plan: SortPlan,
  requests: readonly PageRequest[],
  fetch: Fetch<R>,
): Promise<readonly R[][]> {
  const byShard = new Map(requests.map((request) => [request.shard, request]));
  return call.access.runAll(call.operation, [...byShard.keys()], (manager, shard) => {
    const { after, limit, offset } = byShard.get(shard) as PageRequest;
    const stretch = { limit, ...(offset > 0 && { offset }), ...(after && { condition: afterCondition(plan.terms, after) }) };
    return fetch(new ShardFetch(call, plan, shard, manager), stretch);
  });
}
