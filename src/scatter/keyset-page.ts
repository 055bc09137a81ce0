import type { ObjectLiteral } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { type CursorShape, type CursorValues, decodeCursor, encodeCursor } from '../query';
import type { KeyRow } from './fetch';
import type { Beginning } from './keyset';
import { planSort, reversed, type SortPlan } from './order';
import { readPage } from './page';
import { refuseUnstable } from './refuse-unstable';
import type { ScatterCall } from './scatter-call';
import { readSelect } from './select-reading';

/** One page of an ordered list, with the ways to the pages beside it. */
export interface Page<Entity> {
  /** The rows of the page, in order. */
  readonly rows: Entity[];
  /** Cursor for `after`: the page that follows. Null when there was none. */
  readonly next: string | null;
  /** Cursor for `before`: the page that precedes. Null when there is none. */
  readonly previous: string | null;
}

/** Which page is wanted. */
export interface KeysetWanted {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** The conditions' structure; a cursor is bound to it. */
  readonly where: unknown;
  readonly secret?: string | undefined;
}

/**
 * Reads a page by keyset pagination: what comes after or before a row's place in the order, whether the row is still there or not.
 * Rows that come and go elsewhere do not move the page.
 *
 * @throws {CursorInvalidError} for a cursor of another query.
 */
export async function scatterPage(call: ScatterCall, wanted: KeysetWanted): Promise<Page<ObjectLiteral>> {
  const { order, isOneRowEach } = await readSelect(call);
  const plan = await planSort(call, order);
  refuseUnstable(call, plan);
  const shape = shapeOf(plan, wanted);
  const isBackward = wanted.before !== undefined;
  const cursor = wanted.before ?? wanted.after;
  const after = cursor === undefined ? undefined : beginningAt(decodeCursor(cursor, shape), { isBackward, isUnique: isUnique(call) });
  const way = isBackward ? reversed(plan) : plan;
  const shards = inWay(call.shards, isBackward);
  const found = await readPage({ ...call, shards }, way, { skip: 0, take: wanted.limit, after, peek: true }, isOneRowEach);
  const [rows, places] = isBackward ? [found.rows.toReversed(), found.places.toReversed()] : [found.rows, found.places];
  const at = (place: KeyRow | undefined) => (place ? encodeCursor([...place.values, place.shard.name], shape) : null);
  return {
    rows: rows.map(({ entity }) => entity),
    next: isBackward || found.hasMore ? at(places.at(-1)) : null,
    previous: isBackward ? (found.hasMore ? at(places[0]) : null) : cursor === undefined ? null : at(places[0]),
  };
}

function shapeOf({ entity, terms }: SortPlan, { where, secret }: KeysetWanted): CursorShape {
  const order = terms.map(({ name, descending, nullsFirst }) => [name, descending, nullsFirst]);
  return { entity, query: [order, where], terms: terms.length + 1, secret };
}

/**
 * Rows of several shards can have the same values of all terms, when primary keys repeat on shards or a collation holds different ones
 * for equal. They are in the order of the shards' names, so a place is on a shard. Where no two rows can be equal a place is on none: its
 * row may have moved since.
 */
function beginningAt(
  place: CursorValues,
  way: { readonly isBackward: boolean; readonly isUnique: boolean },
): (shard: ShardHandle) => Beginning {
  const values = place.slice(0, -1);
  const at = String(place.at(-1));
  return ({ name }) => ({ values, isIncluded: !way.isUnique && (way.isBackward ? name < at : name > at) });
}

/** Whether equal primary keys mean the same row on whatever shard: when they hold the shard key, equal ones have one owner. */
function isUnique({ sharding }: ScatterCall): boolean {
  if (sharding.kind !== 'sharded') return false;
  const primary = new Set(sharding.metadata.primaryColumns.map(({ databaseName }) => databaseName));
  return sharding.key.every(({ databaseName }) => primary.has(databaseName));
}

/** Shards in the order in which rows that are equal follow each other. */
function inWay(shards: readonly ShardHandle[], isBackward: boolean): readonly ShardHandle[] {
  const sorted = [...shards].sort((a, b) => (a.name < b.name ? -1 : 1));
  return isBackward ? sorted.reverse() : sorted;
}
