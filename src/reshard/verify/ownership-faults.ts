import { type OwnershipRow, type ShardRule, shardRule } from '../../fence';
import { firstEndingAbove, type Position, type RoutingTable, type Rule, type Segment } from '../../routing';
import type { GroupMove, PlanRow, Topology } from '../../topology';
import { ruleAt } from '../plan/moving-pairs';

/** What a shard's rows of one group say otherwise than the topology; one sentence each, ten at most. */
export function ownershipFaults(
  topology: Topology,
  group: string,
  { shard, rows }: { readonly shard: string; readonly rows: readonly OwnershipRow[] },
) {
  const table = topology.tables.get(group);
  if (!table) return [];
  const move = topology.plan?.moves.get(group);
  const faults = [...tilingFaults(group, table, rows)];
  for (const row of rows) {
    if (faults.length >= MOST) break;
    const where = `Group ${group}, row from ${row.since} to ${row.upto}`;
    if (row.version > topology.version) faults.push(`${where} is of version ${row.version}, and the topology of ${topology.version}.`);
    const fault = rowFault(row, { topology, table, shard, group, planned: move && plannedRow(move, row) });
    if (fault) faults.push(`${where} ${fault}`);
  }
  return faults;
}

const MOST = 10;

function tilingFaults(group: string, { layout, segments }: RoutingTable, rows: readonly OwnershipRow[]): readonly string[] {
  if (rows.length === 0) return [`Group ${group} has no rows. Run cluster.reshard.provision().`];
  const begins = layout.placement === 'hashRing' ? (segments[0]?.since ?? 0) : Number.NEGATIVE_INFINITY;
  const gap = rows.find((row, index) => row.since !== (index === 0 ? begins : rows[index - 1]?.upto));
  if (gap) return [`Group ${group}: the rows leave a gap, or overlap, at ${gap.since}.`];
  return rows.at(-1)?.upto === layout.end ? [] : [`Group ${group}: the rows end at ${rows.at(-1)?.upto}, not at ${layout.end}.`];
}

interface Judged {
  readonly topology: Topology;
  readonly table: RoutingTable;
  readonly shard: string;
  readonly group: string;
  readonly planned: { readonly row: PlanRow; readonly move: GroupMove } | undefined;
}

/** The row of the plan that covers a shard's row; a finer or coarser one of the shard's does not fit it while rows move. */
function plannedRow(move: GroupMove, { since, upto }: OwnershipRow): Judged['planned'] {
  const [row] = overlapping(move.rows, { since, upto });
  return row && { row, move };
}

function rowFault(row: OwnershipRow, judged: Judged): string | undefined {
  const { planned, topology, table, shard, group } = judged;
  const isAtRest = isSame(row.oldRule, row.newRule) && row.watermark === row.since;
  if (!planned) {
    if (!isAtRest) return 'is in transition, though nothing there moves.';
    return ownsBy(table, row, { shard, group }) ? undefined : 'gives this shard other positions than the topology.';
  }
  const { row: plan, move } = planned;
  const mayRest = ['preparing', 'cleaning', 'disarming'].includes(topology.plan?.phase ?? '');
  if (isAtRest && mayRest && ownsBy(table, row, { shard, group })) return undefined;
  if (isAtRest && isUninvolved(move, plan.since, { shard, group })) return undefined;
  if (row.since !== plan.since || row.upto !== plan.upto) return `is not cut as the plan, which moves from ${plan.since} to ${plan.upto}.`;
  const [old, next] = [ruleAt(move.from, plan.since), ruleAt(move.to, plan.since)].map((rule) => shardRule(rule, shard, group));
  if (!old || !next || !isSame(row.oldRule, old) || !isSame(row.newRule, next)) return 'has other rules than the plan.';
  return row.watermark < plan.watermark ? `is at watermark ${row.watermark}, below the topology's ${plan.watermark}.` : undefined;
}

/** A shard that owns nothing of a stretch before and after need not have heard of the plan. */
function isUninvolved({ from, to }: GroupMove, at: Position, { shard, group }: Owner): boolean {
  return [from, to].every((table) => shardRule(ruleAt(table, at), shard, group).modulus === 0);
}

interface Owner {
  readonly shard: string;
  readonly group: string;
}

function ownsBy({ segments }: RoutingTable, { since, upto, oldRule }: OwnershipRow, { shard, group }: Owner): boolean {
  const rules = overlapping(segments, { since, upto }).map(({ rule }) => rule);
  const nobody: readonly Rule[] = beginOf(segments[0] as Segment) > since ? [{ shards: [] }] : [];
  return [...rules, ...nobody].every((rule) => isSame(shardRule(rule, shard, group), oldRule));
}

/** Those of a line's pieces, which are in order, that have positions of a stretch. Shards have a row for each of 16,384 slots. */
function overlapping<T extends Pick<Segment, 'since' | 'upto'>>(
  pieces: readonly T[],
  { since, upto }: Pick<OwnershipRow, 'since' | 'upto'>,
): readonly T[] {
  const first = firstEndingAbove(pieces, since);
  let end = first;
  while (end < pieces.length && beginOf(pieces[end] as T) < upto) end += 1;
  return pieces.slice(first, end);
}

function beginOf({ since }: Pick<Segment, 'since'>): Position {
  return since ?? Number.NEGATIVE_INFINITY;
}

function isSame(a: ShardRule, b: ShardRule): boolean {
  return a.modulus === b.modulus && a.residue === b.residue;
}
