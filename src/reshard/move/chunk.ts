import { ReshardStoppedError } from '../../errors';
import type { Position } from '../../routing';
import { type CountedMember, chunkBeginning, stretchCounts } from '../rows';
import type { MoveContext } from './move-context';
import type { PlannedRow } from './plan-edits';
import { isNone, type MovingRow, partsText, type RowPart, rowId } from './row-part';

/** The most rows of a plan in one chunk: all of them wait for the last. */
export const MOST_PLAN_ROWS = 64;

/** What of one row of the plan moves in a chunk: from `from` (inclusive) to `upto`, its watermark. */
export interface ChunkRow {
  readonly row: MovingRow;
  readonly from: Position;
  readonly upto: Position;
}

/** What moves at once: stretches with the same parts, in rows with the same token. */
export interface Chunk {
  readonly group: string;
  readonly token: number;
  readonly parts: readonly RowPart[];
  readonly rows: readonly ChunkRow[];
  /** Rows of tables, as they were counted before they were frozen. */
  readonly count: number;
}

/**
 * Chooses the next chunk among rows of this run's plan: as many whole small rows as fit, or a part of a large one, from above.
 *
 * @param free - rows with one token and parts that nobody has in hand, in the order in which they shall move; not empty.
 * @throws {ReshardStoppedError} when one position has more rows than may be frozen at once.
 */
export function nextChunk(context: MoveContext, free: readonly PlannedRow[]): Promise<Chunk> {
  const { chunkRows } = context.options;
  const [first, ...others] = free as readonly [PlannedRow, ...PlannedRow[]];
  const { parts } = context.row(first.group, first.since);
  return onSources(context, { group: first.group, parts }, async (members) => {
    const { from, rows: count } = await chunkBeginning(members, { from: first.since, upto: first.watermark }, chunkRows);
    refuseHuge(context, first, count);
    // A part of a row is a chunk by itself, and of the whole size.
    const room = from > first.since ? 0 : chunkRows - count;
    const more = await wholeRows(members, others.slice(0, MOST_PLAN_ROWS - 1), { room, likely: count });
    const chosen = [{ planned: first, from, count }, ...more];
    return {
      group: first.group,
      token: first.token,
      parts,
      rows: chosen.map((each) => ({ row: context.row(first.group, each.planned.since), from: each.from, upto: each.planned.watermark })),
      count: chosen.reduce((sum, each) => sum + each.count, 0),
    };
  });
}

/** Rows that fit in whole, one after another. @param limits - `likely`: how many rows of tables one may have. */
async function wholeRows(
  members: readonly CountedMember[],
  rows: readonly PlannedRow[],
  { room, likely }: { readonly room: number; readonly likely: number },
) {
  const found: { readonly planned: PlannedRow; readonly from: Position; readonly count: number }[] = [];
  let left = room;
  while (found.length < rows.length && left > 0) {
    const some = rows.slice(found.length, found.length + Math.max(1, Math.floor(left / Math.max(1, likely))));
    const stretches = some.map(({ since, watermark }) => ({ from: since, upto: watermark }));
    const counts = await stretchCounts(members, stretches, left + 1);
    for (const [index, planned] of some.entries()) {
      const count = counts[index] ?? 0;
      if (count > left) return found;
      found.push({ planned, from: planned.since, count });
      left -= count;
    }
  }
  return found;
}

/** Whether two rows may be in one chunk. */
export function areAlike(context: MoveContext, a: PlannedRow, b: PlannedRow): boolean {
  const text = ({ group, since }: PlannedRow) => partsText(context.row(group, since).parts);
  return a.group === b.group && a.token === b.token && text(a) === text(b);
}

/** See {@link rowId}. */
export function chunkIds({ rows }: Chunk): readonly string[] {
  return rows.map(({ row }) => rowId(row.group, row));
}

/** Counts on all shards that have rows of the parts now. */
async function onSources<T>(
  context: MoveContext,
  { group, parts }: { readonly group: string; readonly parts: readonly RowPart[] },
  work: (members: readonly CountedMember[]) => Promise<T>,
): Promise<T> {
  const names = parts.flatMap(({ shard, oldRule }) => (isNone(oldRule) ? [] : [shard]));
  const shards = await Promise.all(names.map((name) => context.connections.shard(name)));
  const within = ([shard, ...others]: typeof shards, members: readonly CountedMember[]): Promise<T> => {
    if (!shard) return work(members);
    return shard.use((runner) => within(others, [...members, { runner, tables: shard.tables(group) }]));
  };
  return within(shards, []);
}

function refuseHuge(context: MoveContext, { group }: { readonly group: string }, count: number): void {
  const { maxFrozenRows } = context.options;
  if (count <= maxFrozenRows) return;
  const reason = `one position of group ${group} has ${count} rows, and at most ${maxFrozenRows} may be frozen at once (10 times chunkRows).`;
  throw new ReshardStoppedError(context.planId, 'freeze', undefined, reason);
}
