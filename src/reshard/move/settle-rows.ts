import { markOf } from '../../fence';
import { allEnded, markUntilDone } from './apply-mark';
import { patiently } from './change-topology';
import type { Cleaner } from './clean-rows';
import { liveTokens } from './live-movers';
import type { MoveContext } from './move-context';
import { type PlannedRow, rowsOf, withPlan, withRows } from './plan-edits';
import { partKey, rowId } from './row-part';
import { takeRows } from './take-rows';
import { pause } from './throttle';

/** How many rows are brought to rest with one swap. */
const SETTLED_AT_ONCE = 256;

/** Cleans what has moved and brings it to rest, until no row of the plan is left. */
export async function settleRows(context: MoveContext, cleaner: Cleaner): Promise<void> {
  for (;;) {
    context.signal.throwIfAborted();
    const rows = rowsOf(context.plan);
    if (rows.length === 0) return;
    const cleaned = await cleaner.cleanDue(context.signal);
    const clean = rows.filter((row) => context.tokens.has(row.token) && cleaner.isClean(row));
    if (clean.length >= SETTLED_AT_ONCE || (clean.length > 0 && cleaned === 0)) await settle(context, clean.slice(0, SETTLED_AT_ONCE));
    else if (cleaned === 0 && (await takeOrphans(context)) === 0) await awaitDue(context);
  }
}

/** Waits a while, since rows are within their grace or another mover has them. */
async function awaitDue(context: MoveContext): Promise<void> {
  const { refreshMs, graceMs } = context.live.core.options.resharding;
  context.progress.waits(
    awaitDue,
    `the grace of rows that moved to end, or another mover; they may be read for ${graceMs} ms where they were`,
  );
  try {
    await pause(Math.min(refreshMs, 50), context.signal);
    await patiently(() => context.live.refresh(), context.signal);
  } finally {
    context.progress.waits(awaitDue, undefined);
  }
}

async function takeOrphans(context: MoveContext): Promise<number> {
  const lively = await patiently(() => liveTokens(context.live, context.plan), context.signal);
  return takeRows(context, (plan) =>
    rowsOf(plan)
      .filter(({ token }) => !context.tokens.has(token) && !lively.has(token))
      .slice(0, SETTLED_AT_ONCE),
  );
}

async function settle(context: MoveContext, rows: readonly PlannedRow[]): Promise<void> {
  const { version } = context.live.current;
  const moving = rows.map(({ group, since, token }) => ({ row: context.row(group, since), token }));
  const names = [...new Set(moving.flatMap(({ row }) => row.parts.map(({ shard }) => shard)))].sort();
  await allEnded(
    names.map(async (name) => {
      const shard = await context.connections.shard(name);
      const here = moving.filter(({ row }) => row.parts.some((part) => part.shard === name));
      context.announce('settle', { shard: name, rows: here.length });
      const marks = here.map(({ row, token }) => markOf.settle(partKey(row, name), { token, version }));
      await markUntilDone(context, shard, marks);
    }),
  );
  const settled = new Set(rows.map((row) => rowId(row.group, row)));
  await context.change((topology, plan) => {
    if (!rowsOf(plan).some((row) => settled.has(rowId(row.group, row)))) return undefined;
    return withPlan(
      topology,
      withRows(plan, (row, group) => (settled.has(rowId(group, row)) ? undefined : row)),
    );
  });
}
