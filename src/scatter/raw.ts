import type { ObjectLiteral } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { mergeSorted } from '../query';
import { planSort, RowOrder, readSortValues, type SortedRow, type SortPlan, sortAlias } from './order';
import type { ScatterCall } from './scatter-call';
import { selectRawRows, sortNames } from './statements';
import { rawPageOf } from './unpaged';

interface RawRow extends SortedRow {
  readonly row: ObjectLiteral;
}

/** The raw rows of a builder without groups, aggregates or DISTINCT, merged by their order; `limit` and `offset` are of the whole. */
export async function scatterRaw(call: ScatterCall): Promise<ObjectLiteral[]> {
  const { page, isOrdered } = await call.access.run(call.shards[0] as ShardHandle, async (manager) => {
    const builder = call.recipe(manager);
    return { page: rawPageOf(builder), isOrdered: Object.keys(builder.expressionMap.allOrderBys).length > 0 };
  });
  if (page.take === 0) return [];
  if (!isOrdered && page.take === undefined && page.skip === 0) return concatenated(call);
  const plan = await planSort(call);
  const order = new RowOrder(call, plan);
  const wanted = page.take === undefined ? undefined : page.skip + page.take;
  const lists = await fetchRaw(call, plan, wanted);
  for (const rows of lists) order.admit(rows);
  const merged = await order.settle(lists, (compare) => mergeSorted(lists, compare, wanted));
  return merged.slice(page.skip).map(({ row }) => row);
}

async function concatenated({ operation, shards, access, recipe }: ScatterCall): Promise<ObjectLiteral[]> {
  const answers = await access.runAll(operation, shards, async (manager) => {
    const rows: ObjectLiteral[] = await recipe(manager).getRawMany();
    access.admitRows(rows.length);
    return rows;
  });
  return answers.flat();
}

function fetchRaw(call: ScatterCall, plan: SortPlan, limit: number | undefined): Promise<readonly RawRow[][]> {
  return call.access.runAll(call.operation, call.shards, async (manager) => {
    const builder = selectRawRows(call.recipe(manager), plan, limit);
    const rows: ObjectLiteral[] = await builder.getRawMany();
    call.access.admitRows(rows.length);
    const names = sortNames(builder, plan);
    return rows.map((row) => ({ values: readSortValues(plan, row, names), row: withoutSortValues(row, plan) }));
  });
}

/** A raw row as the user's builder selects it. */
export function withoutSortValues(row: ObjectLiteral, { terms }: SortPlan): ObjectLiteral {
  const shown = { ...row };
  for (const index of terms.keys()) delete shown[sortAlias(index)];
  return shown;
}
