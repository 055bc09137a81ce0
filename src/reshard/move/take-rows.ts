import { isSameShardRule, markOf, moverTransaction, type OwnershipRow } from '../../fence';
import type { PlanRow, Topology, TopologyPlan } from '../../topology';
import { deleteStretches } from '../rows';
import { allEnded, markUntilDone, untilNotBlocked } from './apply-mark';
import type { ChunkRow } from './chunk';
import type { MoveContext } from './move-context';
import { isMoved, leased, type PlannedRow, rowsOf } from './plan-edits';
import { isNone, type MovingRow, partKey, type RowPart, rowId, transfersOf } from './row-part';

/*
 * Taking rows over, in this order, which makes whatever their former mover still does fail:
 *
 *   lease   a swap gives the rows a higher token: no swap of the former mover can be stored any more
 *   raise   each shard learns the token: no transaction of the former mover can commit any more
 *   clear   what the topology has committed is lowered, what it has not is cleared on the targets and set back
 *
 * Killed in between, the next one does it again.
 */

/** Chooses rows of the plan as it is stored. */
export type RowChoice = (plan: TopologyPlan, topology: Topology) => readonly PlannedRow[];

/** Takes rows by a swap, without telling the shards. @returns the token; undefined when there was nothing to choose. */
export async function leaseRows(context: MoveContext, choose: RowChoice): Promise<number | undefined> {
  let token: number | undefined;
  await context.change((topology, plan) => {
    // After a doubtful swap the rows may be this run's already; a token more does no harm.
    const rows = choose(plan, topology);
    token = undefined;
    if (rows.length === 0) return undefined;
    context.announce('lease', { rows: rows.length });
    const lease = leased(topology, plan, { rows: new Set(rows.map((row) => rowId(row.group, row))), client: context.live.id });
    ({ token } = lease);
    return lease.state;
  });
  if (token !== undefined) context.tokens.add(token);
  return token;
}

/** Takes rows over; afterwards each shard agrees with the topology and nothing of them is frozen. @returns how many. */
export async function takeRows(context: MoveContext, choose: RowChoice): Promise<number> {
  const token = await leaseRows(context, choose);
  if (token === undefined) return 0;
  const taken = rowsOf(context.plan).filter((row) => row.token === token);
  const moved = { atMs: performance.now(), version: context.live.current.version };
  await recoverRows(context, token, taken);
  // Nobody knows when they moved, so their grace begins anew.
  for (const row of taken) if (isMoved(row)) context.movedAt.set(rowId(row.group, row), moved);
  return taken.length;
}

/** A row of the plan with what one shard has of it. */
interface Held {
  readonly row: MovingRow;
  readonly planned: PlanRow;
  readonly part: RowPart;
  readonly found: OwnershipRow;
}

async function recoverRows(context: MoveContext, token: number, taken: readonly PlannedRow[]): Promise<void> {
  const { version } = context.live.current;
  const rows = taken.map((planned) => ({ planned, row: context.row(planned.group, planned.since) }));
  const names = [...new Set(rows.flatMap(({ row }) => row.parts.map(({ shard }) => shard)))].sort();
  const held = (await allEnded(names.map((name) => raise(context, name, { token, rows })))).flat();
  const undone = held.filter(({ planned, found }) => !isAtRest(found) && isOff(found, planned));
  // Sources are opened again only when no target has a row of the chunk any more.
  for (const { part, ...each } of undone) if (!isNone(part.newRule)) await lowerAndClear(context, { ...each, part, token, version });
  await setBack(context, undone, { token, version });
}

type Rows = readonly { readonly row: MovingRow; readonly planned: PlanRow }[];

async function raise(context: MoveContext, name: string, { token, rows }: { token: number; rows: Rows }): Promise<readonly Held[]> {
  const shard = await context.connections.shard(name);
  const here = rows.flatMap(({ row, planned }) => row.parts.filter((part) => part.shard === name).map((part) => ({ row, planned, part })));
  context.announce('raise', { shard: name, rows: here.length });
  const marks = here.map(({ row }) => markOf.raise(partKey(row, name), token));
  const found = await markUntilDone(context, shard, marks);
  return here.map((each, index) => ({ ...each, found: found[index]! }));
}

/** Whether the shard has brought the row to rest already: not begun, abandoned or settled. */
function isAtRest({ oldRule, newRule }: OwnershipRow): boolean {
  return isSameShardRule(oldRule, newRule);
}

function isOff({ watermark, frontier }: OwnershipRow, planned: PlanRow): boolean {
  return watermark !== planned.watermark || frontier !== planned.watermark;
}

type Undone = Held & { readonly token: number; readonly version: number };

/** Deletes arrivals between frontier and the topology's watermark. */
async function lowerAndClear(context: MoveContext, undone: Undone): Promise<void> {
  const { row, planned, part, found, token, version } = undone;
  const shard = await context.connections.shard(part.shard);
  if (found.watermark > planned.watermark) {
    await markUntilDone(context, shard, [markOf.lower(partKey(row, part.shard), { watermark: planned.watermark, version })]);
  }
  if (found.frontier >= planned.watermark) return;
  const rows = [{ row, from: found.frontier, upto: planned.watermark }];
  await clearArrivals(context, { group: row.group, shard: part.shard, token, rows });
}

/** What a mover may have written, and where. */
interface Arrivals {
  readonly group: string;
  readonly token: number;
  readonly shard: string;
  readonly rows: readonly ChunkRow[];
}

/** Deletes what a mover has written of an uncommitted chunk. */
export async function clearArrivals(context: MoveContext, { group, token, shard: name, rows }: Arrivals): Promise<void> {
  const shard = await context.connections.shard(name);
  context.announce('clear', { group, shard: name });
  const stretches = rows.flatMap(({ row, from, upto }) =>
    transfersOf(row.parts)
      .filter(({ target }) => target === name)
      .map(({ rules }) => ({ from, upto, rules })),
  );
  const lease = { token, rows: rows.map(({ row }) => partKey(row, name)) };
  await untilNotBlocked(() =>
    shard.use((runner) => moverTransaction(runner, lease, () => deleteStretches(runner, shard.tables(group), stretches))),
  );
}

/** On each shard all rows together. */
async function setBack(
  context: MoveContext,
  undone: readonly Held[],
  { token, version }: { token: number; version: number },
): Promise<void> {
  for (const name of [...new Set(undone.map(({ part }) => part.shard))].sort()) {
    const shard = await context.connections.shard(name);
    const marks = undone
      .filter(({ part }) => part.shard === name)
      .map(({ row, planned }) => markOf.setBack(partKey(row, name), { token, watermark: planned.watermark, version }));
    await markUntilDone(context, shard, marks);
  }
}
