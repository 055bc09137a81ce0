import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { mergeSorted } from '../query';
import { announceLoaded } from './announce-loaded';
import type { EntityRow } from './entity-row';
import { ShardFetch } from './fetch';
import { scatterGrouped } from './grouped';
import { planSort, RowOrder, type SortPlan } from './order';
import { readPage } from './page';
import { withoutSortValues } from './raw';
import type { ScatterCall } from './scatter-call';
import { countExpression, readSelect, type SelectReading, unsupported } from './select-reading';
import { unpaged } from './unpaged';

/** The entities that the shards' builders select, as one database would give them: merged by their order, paged as a whole. */
export async function scatterMany(call: ScatterCall): Promise<ObjectLiteral[]> {
  return (await selectEntities(call)).rows.map(({ entity }) => entity);
}

/** The first of {@link scatterMany}; null when there is none. */
export async function scatterOne(call: ScatterCall): Promise<ObjectLiteral | null> {
  const { page, isOrdered, loadsMore, callListeners } = await readSelect(call);
  // Without an order any row is the first; an order by the primary key would keep databases from better indexes.
  if (!isOrdered && page.skip === 0 && !loadsMore) return anyOne(call, callListeners);
  const [first] = (await selectEntities(call, 1)).rows;
  return first?.entity ?? null;
}

async function anyOne(call: ScatterCall, callListeners: boolean): Promise<ObjectLiteral | null> {
  const { operation, shards, access, recipe } = call;
  const found = await access.runAll(operation, shards, async (manager, shard) => ({
    shard,
    // Silent: of the shards' entities one is wanted.
    entity: await unpaged(recipe(manager)).callListeners(false).take(1).getOne(),
  }));
  const [first] = found.flatMap(({ shard, entity }) => (entity ? [{ shard, entity }] : []));
  if (!first) return null;
  access.admitRows(1);
  if (callListeners) await announceLoaded(call, [first]);
  return first.entity;
}

/** The page, and how many entities match without it. */
export async function scatterManyAndCount(call: ScatterCall): Promise<[ObjectLiteral[], number]> {
  const { page } = await readSelect(call);
  const { rows, placed } = await selectEntities(call);
  const isWhole = placed < (page.take ?? Number.POSITIVE_INFINITY) && (placed > 0 || page.skip === 0);
  const count = isWhole ? page.skip + placed : await scatterCount({ ...call, recipe: (manager) => cachedAsCount(call.recipe(manager)) });
  return [rows.map(({ entity }) => entity), count];
}

/** Under the id of the cache are the page's rows; TypeORM names the count so, too. */
function cachedAsCount(builder: SelectQueryBuilder<ObjectLiteral>): SelectQueryBuilder<ObjectLiteral> {
  const { expressionMap } = builder;
  if (expressionMap.cacheId) expressionMap.cacheId = `${expressionMap.cacheId}-count`;
  return builder;
}

/** How many entities match, without the page. TypeORM counts the different values of selected columns, when some are selected. */
export async function scatterCount(call: ScatterCall): Promise<number> {
  const { countsDistinct } = await readSelect(call);
  if (countsDistinct) return countDistinct(call);
  const counts = await call.access.runAll(call.operation, call.shards, (manager) => call.recipe(manager).getCount());
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Values that several shards have are one. */
async function countDistinct(call: ScatterCall): Promise<number> {
  const [row] = await scatterGrouped({
    ...call,
    recipe: (manager) => {
      const builder = unpaged(call.recipe(manager)).orderBy().setOption('disable-global-order');
      return builder.select(countExpression(builder), 'cnt');
    },
  });
  return Number(row?.cnt ?? 0);
}

/** Whether any row matches. */
export async function scatterExists({ operation, shards, access, recipe }: ScatterCall): Promise<boolean> {
  return (await access.runAll(operation, shards, (manager) => recipe(manager).getExists())).includes(true);
}

/** The entities of a builder with the raw rows that they were made of. */
export async function scatterRawAndEntities(call: ScatterCall): Promise<{ raw: ObjectLiteral[]; entities: ObjectLiteral[] }> {
  const { rows } = await selectEntities(call);
  return { raw: rows.flatMap(shownRows), entities: rows.map(({ entity }) => entity) };
}

/** An entity, and the raw rows that it was made of. */
type Selected = Pick<EntityRow, 'entity' | 'raw'> & Partial<EntityRow>;

function shownRows({ raw, origin }: Selected): readonly ObjectLiteral[] {
  return origin ? raw.map((row) => withoutSortValues(row, origin.plan)) : raw;
}

/** The entities of a page, and how many places it has; rows that were deleted before they could be loaded had one. */
interface SelectedPage {
  readonly rows: readonly Selected[];
  readonly placed: number;
}

async function selectEntities(call: ScatterCall, most = Number.POSITIVE_INFINITY): Promise<SelectedPage> {
  const reading = await readSelect(call);
  const { skip } = reading.page;
  const take = Math.min(reading.page.take ?? Number.POSITIVE_INFINITY, most);
  if (take === 0) return whole([]);
  const isPaged = skip > 0 || Number.isFinite(take);
  if (!reading.isOrdered && !isPaged) return whole(await inAnyOrder(call));
  const plan = await planSort(call, reading.order);
  if (!Number.isFinite(take)) return whole(await allInOrder(call, plan, reading));
  if (reading.joinsToMany) refuseToManyOrder(call, plan);
  const { rows, places } = await readPage(call, plan, { skip, take }, reading.isOneRowEach);
  return { rows, placed: places.length };
}

function whole(rows: readonly Selected[]): SelectedPage {
  return { rows, placed: rows.length };
}

async function inAnyOrder({ operation, shards, access, recipe }: ScatterCall): Promise<readonly Selected[]> {
  const answers = await access.runAll(operation, shards, async (manager) => {
    const { raw, entities } = await capped(recipe(manager), access.maxRows).getRawAndEntities<ObjectLiteral>();
    access.admitRows(entities.length);
    return entities.map((entity, index) => ({ entity, raw: index === 0 ? raw : [] }));
  });
  return answers.flat();
}

async function allInOrder(call: ScatterCall, plan: SortPlan, reading: SelectReading): Promise<readonly EntityRow[]> {
  const { page, isOneRowEach, loadsMore, callListeners } = reading;
  // Of those that are skipped nobody is told; relations that are loaded by themselves tell of their rows anyway.
  const isSilent = page.skip > 0 && !loadsMore;
  const order = new RowOrder(call, plan);
  const lists = await call.access.runAll(call.operation, call.shards, async (manager, shard) => {
    const rows = await new ShardFetch(call, plan, shard, manager).entities(isOneRowEach ? mostRows(call) : {}, isSilent);
    call.access.admitRows(rows.length);
    return rows;
  });
  for (const rows of lists) order.admit(rows);
  const merged = await order.settle(lists, (compare) => mergeSorted(lists, compare));
  const rows = merged.slice(page.skip);
  if (isSilent && callListeners) await announceLoaded(call, rows);
  return rows;
}

/** No shard need return more than one row beyond what all of them may. */
function mostRows({ access: { maxRows } }: ScatterCall): { readonly limit?: number } {
  return maxRows === undefined ? {} : { limit: maxRows + 1 };
}

function capped(builder: SelectQueryBuilder<ObjectLiteral>, maxRows: number | undefined): SelectQueryBuilder<ObjectLiteral> {
  return maxRows === undefined ? builder : builder.take(maxRows + 1);
}

/** An entity has several places in such an order, so it is on no one page. */
function refuseToManyOrder(call: ScatterCall, { terms }: SortPlan): void {
  const term = terms.find(({ isToMany }) => isToMany);
  if (term) throw unsupported(call, `a page that is ordered by ${term.name}, of which an entity can have several,`);
}
