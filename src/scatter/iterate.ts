import type { ObjectLiteral } from 'typeorm';
import { BatchIterator } from './batch-iterator';
import type { EntityRow } from './entity-row';
import { LazyMerge } from './lazy-merge';
import { planSort, RowOrder } from './order';
import { fetchEach } from './page';
import { refuseUnstable } from './refuse-unstable';
import type { ScatterCall } from './scatter-call';
import { readSelect } from './select-reading';

/** How entities are iterated. */
export interface IterateWanted {
  /** How many entities one statement asks a shard for. */
  readonly pageRows: number;
  readonly signal?: AbortSignal | undefined;
  /** Completes the entities of a page before they are given. */
  readonly complete?: (entities: ObjectLiteral[]) => Promise<ObjectLiteral[]>;
}

/**
 * Iterates over the entities of a call without ever holding more than one page of each shard: a shard's next page is asked for when
 * the consumer wants a row that may come from it, and no sooner. Without an order shards are read one after another, and one that the
 * consumer does not reach is not opened.
 */
export function iterateEntities(call: ScatterCall, wanted: IterateWanted): AsyncIterableIterator<ObjectLiteral, void, undefined> {
  return new BatchIterator(pagedBatches(call, wanted), wanted.signal);
}

type Batches = AsyncGenerator<readonly ObjectLiteral[], void, undefined>;

async function* pagedBatches(call: ScatterCall, { pageRows, complete }: IterateWanted): Batches {
  if (call.shards.length === 0) return;
  const { page, isOrdered } = await readSelect({ ...call, shards: call.shards.slice(0, 1) });
  const { skip, take = Number.POSITIVE_INFINITY } = page;
  const parts = isOrdered ? [call.shards] : call.shards.map((shard) => [shard]);
  let index = 0;
  for (const shards of parts) {
    for await (const rows of batchesOf({ ...call, shards }, Math.min(pageRows, skip + take))) {
      const wanted = rows.slice(Math.max(0, skip - index), Math.max(0, skip + take - index));
      index += rows.length;
      if (wanted.length > 0) yield complete ? await complete([...wanted]) : wanted;
      if (index >= skip + take) return;
    }
  }
}

async function* batchesOf(call: ScatterCall, pageRows: number): Batches {
  if (pageRows === 0) return;
  const plan = await planSort(call);
  refuseUnstable(call, plan);
  const merge = new LazyMerge<EntityRow>(new RowOrder(call, plan), call.shards, {
    fetch: (requests) => fetchEach(call, plan, requests, (fetch, stretch) => fetch.entities(stretch)),
    firstRows: pageRows,
    nextRows: pageRows,
  });
  for (let rows = await merge.next(pageRows); rows.length > 0; rows = await merge.next(pageRows)) {
    yield rows.map(({ entity }) => entity);
  }
}
