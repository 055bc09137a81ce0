import { planSort, type SortPlan } from './order';
import { isReadWhole, type PageWanted, windowOf } from './page';
import type { ScatterCall } from './scatter-call';
import { readSelect } from './select-reading';
import { selectKeys, selectRows } from './statements';

/** How a select over several shards would be answered. */
export interface SelectExplanation {
  /** What would be done, for people; it never holds a value. */
  readonly steps: readonly string[];
  /** What each shard would be sent first, with placeholders for the values. */
  readonly statements: readonly { readonly shard: string; readonly sql: string }[];
}

/** Explains a select without running it. It may ask the databases once how the columns of its order are declared. */
export async function explainSelect(call: ScatterCall): Promise<SelectExplanation> {
  const { page, isOrdered, isOneRowEach, order } = await readSelect(call);
  const { skip, take } = page;
  if (!isOrdered && skip === 0 && take === undefined) return explainConcatenated(call);
  const plan = await planSort(call, order);
  if (take === undefined) return explainMerged(call, plan);
  return explainPage(call, plan, { skip, take }, plan.keyPlaces.length === 0 || (isOneRowEach && isReadWhole({ skip, take })));
}

async function explainConcatenated(call: ScatterCall): Promise<SelectExplanation> {
  const statements = await call.access.runAll(call.operation, call.shards, async (manager, { name }) => ({
    shard: name,
    sql: call.recipe(manager).getQuery(),
  }));
  return { steps: ['The rows of the shards are put together; without an order any will do.'], statements };
}

async function explainMerged(call: ScatterCall, plan: SortPlan): Promise<SelectExplanation> {
  const statements = await call.access.runAll(call.operation, call.shards, async (manager, { name }) => ({
    shard: name,
    sql: selectRows(call.recipe(manager), plan, {}).getQuery(),
  }));
  return { steps: [`The rows of the shards are merged by ${orderOf(plan)}.`, ...rankings(plan)], statements };
}

async function explainPage(call: ScatterCall, plan: SortPlan, wanted: PageWanted, isWhole: boolean): Promise<SelectExplanation> {
  const { skip, take } = wanted;
  const { offset, share } = windowOf(wanted, call.shards.length);
  const stretch = { limit: share, ...(offset > 0 && { offset }) };
  const statements = await call.access.runAll(call.operation, call.shards, async (manager, { name }) => ({
    shard: name,
    sql: (isWhole ? selectRows : selectKeys)(call.recipe(manager), plan, stretch).getQuery(),
  }));
  const left = offset > 0 ? ` after ${offset} that are surely before the page` : '';
  const steps = [
    `Each shard gives ${isWhole ? '' : 'the keys of '}${share} row(s)${left}, and of more if the page turns out to need them.`,
    `They are merged by ${orderOf(plan)}; ${skip} are skipped in all and ${take} are taken.`,
    ...rankings(plan),
    ...(isWhole ? [] : [`These ${take} row(s) are loaded by their keys.`]),
  ];
  return { steps, statements };
}

function orderOf({ terms }: SortPlan): string {
  return terms.map(({ name, descending }) => `${name} ${descending ? 'DESC' : 'ASC'}`).join(', ');
}

function rankings({ terms }: SortPlan): readonly string[] {
  const ranked = terms.filter(({ kind }) => kind.rank !== undefined);
  return ranked.map(({ name }, index) => {
    const need = ranked[index] === terms[0] ? '' : ', where ties need it';
    return `The values of ${name} are ranked by the database of one shard${need}, since only it knows their order.`;
  });
}
