import type { QueryRunner } from 'typeorm';
import { LeaseLostError } from '../../errors';
import {
  arm,
  type BlockedAttempt,
  beginRows as beginAtOnce,
  cutRow,
  guardState,
  type OwnershipRow,
  readOwnership,
  type ShardRule,
} from '../../fence';
import type { PlanRow } from '../../topology';
import { fencedGroups } from '../fenced-groups';
import { allEnded, type Marking, markUntilDone } from './apply-mark';
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
  const cut = await cutAll(context, shard, here);
  const owned = (await isUnguarded(context, shard, group)) ? await beginMany(context, shard, { here, owned: cut }) : cut;
  const markings = here
    .filter((each) => !isBegunBy(each, owned.get(each.row.since)))
    .map((each) => beginning(context, shard, { ...each, found: owned.get(each.row.since) }));
  await markUntilDone(context, shard, markings, context.signal);
}

/** Whether nobody can hold several of the shard's rows: it has no guards, or one writer at a time. */
async function isUnguarded({ live }: MoveContext, { source, isEmbedded }: MoverShard, group: string): Promise<boolean> {
  if (isEmbedded) return true;
  const { guards, superfluous } = await guardState(source, fencedGroups(live.current, [group]));
  return superfluous.length === 0 && guards.every(({ condition }) => condition === 'missing');
}

/** Begins those that are at rest, many at once. @returns the shard's rows as they are then. */
async function beginMany(
  { live }: MoveContext,
  shard: MoverShard,
  { here, owned }: { readonly here: readonly Here[]; readonly owned: ReadonlyMap<unknown, OwnershipRow> },
): Promise<ReadonlyMap<unknown, OwnershipRow>> {
  const { version } = live.current;
  const alike = new Map<string, Here[]>();
  for (const each of here) {
    if (owned.get(each.row.since)?.upto !== each.row.upto) continue;
    const name = JSON.stringify([each.part.newRule, each.token]);
    alike.set(name, alike.get(name) ?? []);
    alike.get(name)?.push(each);
  }
  const [some] = here;
  if (!some) return owned;
  return shard.use(async (runner) => {
    for (const [first, ...rest] of alike.values()) {
      if (!first) continue;
      const keys = [first, ...rest].map(({ row }) => partKey(row, shard.name));
      await beginAtOnce(shard.source, keys, { token: first.token, newRule: first.part.newRule, version, runner });
    }
    const rows = await readOwnership(shard.source, runner, some.row.group);
    return new Map(rows.map((row) => [row.since, row]));
  });
}

function isBegunBy({ part, token, row }: Here, found: OwnershipRow | undefined): boolean {
  return found?.token === token && found.upto === row.upto && found.frontier === row.upto && isSameRule(found.newRule, part.newRule);
}

function isSameRule(a: ShardRule, b: ShardRule): boolean {
  return a.modulus === b.modulus && a.residue === b.residue;
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
      const [lower] = await markUntilDone(context, shard, [{ key, mark: (runner) => cutRow(shard.source, runner, key, { at, token }) }]);
      owned.splice(index, 1, lower!, { ...lower!, since: at, upto: cut.upto });
    }
  }
  return new Map(owned.map((row) => [row.since, row]));
}

function beginning(
  context: MoveContext,
  { marks, name }: MoverShard,
  { row, part, token, found }: Here & { readonly found: OwnershipRow | undefined },
): Marking {
  if (found?.upto !== row.upto) throw new LeaseLostError(name, row.group);
  const key = partKey(row, name);
  const { version } = context.live.current;
  const isBegun = !isSameRule(found.oldRule, found.newRule);
  // An earlier mover of the plan has begun it.
  if (isBegun) return { key, mark: (runner: QueryRunner) => marks.raise(runner, key, token) };
  return { key, mark: (runner: QueryRunner) => marks.begin(runner, key, { token, newRule: part.newRule, version }) };
}
