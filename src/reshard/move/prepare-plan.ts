import { LeaseLostError } from '../../errors';
import { arm, type BlockedAttempt, cutRow, isSameShardRule, type Mark, markOf, type OwnershipRow, readOwnership } from '../../fence';
import type { PlanRow } from '../../topology';
import { fencedGroups } from '../fenced-groups';
import { allEnded, markUntilDone, untilDone } from './apply-mark';
import type { MoveContext } from './move-context';
import type { MoverShard } from './mover-connections';
import { shardsOfPlan } from './plan-edits';
import { type MovingRow, partKey, type RowPart } from './row-part';

/** Cuts the rows of every shard that takes part, and begins their move: all of each is under its old rule still. */
export async function beginRows(context: MoveContext): Promise<void> {
  await allEnded(
    shardsOfPlan(context.plan).map(async (name) => {
      const shard = await context.connections.shard(name);
      context.announce('cut', { shard: name });
      for (const [group, { rows }] of context.plan.moves) await beginGroup(context, shard, { group, rows });
    }),
  );
}

/** Installs the guards of every shard that has rows of the plan's groups. */
export async function armShards(context: MoveContext): Promise<void> {
  await allEnded(
    shardsOfPlan(context.plan).map(async (name) => {
      const { source } = await context.connections.shard(name);
      context.announce('arm', { shard: name });
      const waiter = {};
      const onBlocked = ({ table, blockers }: BlockedAttempt) =>
        context.progress.waits(waiter, `the triggers of ${table} on shard "${name}"; ${blockers.length} open transaction(s) can be seen`);
      await arm(source, fencedGroups(context.live.current, context.plan.moves.keys()), { signal: context.signal, onBlocked });
      context.progress.waits(waiter, undefined);
    }),
  );
}

async function beginGroup(
  context: MoveContext,
  shard: MoverShard,
  { group, rows }: { readonly group: string; readonly rows: readonly PlanRow[] },
): Promise<void> {
  const here = rows.flatMap(({ since, token }) => {
    const row = context.row(group, since);
    const part = row.parts.find((each) => each.shard === shard.name);
    return part ? [{ row, part, token }] : [];
  });
  const owned = await cutAll(context, shard, here);
  const marks = here
    .filter((each) => !isBegunBy(each, owned.get(each.row.since)))
    .map((each) => beginning(context, shard.name, { ...each, found: owned.get(each.row.since) }));
  await markUntilDone(context, shard, marks, context.signal);
}

function isBegunBy({ part, token, row }: Here, found: OwnershipRow | undefined): boolean {
  return found?.token === token && found.upto === row.upto && found.frontier === row.upto && isSameShardRule(found.newRule, part.newRule);
}

type Here = { readonly row: MovingRow; readonly part: RowPart; readonly token: number };

/** @returns the shard's rows of the group, by where they begin. */
async function cutAll(context: MoveContext, shard: MoverShard, here: readonly Here[]): Promise<ReadonlyMap<unknown, OwnershipRow>> {
  const [first] = here;
  if (!first) return new Map();
  const { group } = first.row;
  const owned = [...(await shard.use((runner) => readOwnership(shard.source, runner, group)))];
  const borders = new Set(owned.map(({ since }) => since));
  const ends = new Set(owned.map(({ upto }) => upto));
  for (const { row, token } of here) {
    if (borders.has(row.since) && ends.has(row.upto)) continue;
    for (const at of [row.since, row.upto]) {
      const index = owned.findIndex(({ since, upto }) => since < at && at < upto);
      const cut = owned[index];
      if (!cut) continue;
      const key = partKey(cut, shard.name);
      const attempt = async () => [await shard.use((runner) => cutRow(shard.source, runner, key, { at, token }))];
      const [lower] = await untilDone(context, shard, { keys: [key], attempt });
      owned.splice(index, 1, lower!, { ...lower!, since: at, upto: cut.upto });
    }
  }
  return new Map(owned.map((row) => [row.since, row]));
}

function beginning(
  { live }: MoveContext,
  shard: string,
  { row, part, token, found }: Here & { readonly found: OwnershipRow | undefined },
): Mark {
  if (found?.upto !== row.upto) throw new LeaseLostError(shard, row.group);
  const key = partKey(row, shard);
  const isBegun = !isSameShardRule(found.oldRule, found.newRule);
  // An earlier mover of the plan has begun it.
  return isBegun ? markOf.raise(key, token) : markOf.begin(key, { token, newRule: part.newRule, version: live.current.version });
}
