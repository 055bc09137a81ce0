import { ReshardStoppedError } from '../../errors';
import type { Position } from '../../routing';
import type { PlanRow } from '../../topology';
import { chunkBeginning } from '../rows';
import type { MoveContext } from './move-context';
import { isNone, type MovingRow, partsText, type RowPart, rowId } from './row-part';

/** The most rows of a plan in one chunk: each is frozen by itself, and all wait for the last. */
const MOST_PLAN_ROWS = 32;

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
export async function nextChunk(context: MoveContext, free: readonly (PlanRow & { readonly group: string })[]): Promise<Chunk> {
  const first = free[0]!;
  const { parts } = context.row(first.group, first.since);
  const chunk = { group: first.group, token: first.token, parts };
  const rows: ChunkRow[] = [];
  let count = 0;
  for (const planned of free.slice(0, MOST_PLAN_ROWS)) {
    const left = context.options.chunkRows - count;
    if (left <= 0) break;
    const { from, rows: found } = await beginningOf(context, planned, { parts, limit: left });
    // A part of a row is a chunk by itself, and of the whole size.
    if (rows.length > 0 && (from > planned.since || found > left)) break;
    refuseHuge(context, planned, found);
    rows.push({ row: context.row(planned.group, planned.since), from, upto: planned.watermark });
    count += found;
    if (from > planned.since) break;
  }
  return { ...chunk, rows, count };
}

/** Those of the rows that may be in one chunk with the first. */
export function alike<Row extends PlanRow & { readonly group: string }>(context: MoveContext, rows: readonly Row[]): readonly Row[] {
  const [first] = rows;
  if (!first) return [];
  const text = (row: Row) => partsText(context.row(row.group, row.since).parts);
  const wanted = text(first);
  return rows.filter((row) => row.group === first.group && row.token === first.token && text(row) === wanted);
}

/** See {@link rowId}. */
export function chunkIds({ rows }: Chunk): readonly string[] {
  return rows.map(({ row }) => rowId(row.group, row));
}

async function beginningOf(
  context: MoveContext,
  { group, since, watermark }: PlanRow & { readonly group: string },
  { parts, limit }: { readonly parts: readonly RowPart[]; readonly limit: number },
) {
  const names = parts.flatMap(({ shard, oldRule }) => (isNone(oldRule) ? [] : [shard]));
  const shards = await Promise.all(names.map((name) => context.connections.shard(name)));
  const counts = async (members: Parameters<typeof chunkBeginning>[0], rest: typeof shards): ReturnType<typeof chunkBeginning> => {
    const [shard, ...others] = rest;
    if (!shard) return chunkBeginning(members, { from: since, upto: watermark }, limit);
    return shard.use((runner) => counts([...members, { runner, tables: shard.tables(group) }], others));
  };
  return counts([], shards);
}

function refuseHuge(context: MoveContext, { group }: { readonly group: string }, count: number): void {
  const { maxFrozenRows } = context.options;
  if (count <= maxFrozenRows) return;
  const reason = `one position of group ${group} has ${count} rows, and at most ${maxFrozenRows} may be frozen at once (10 times chunkRows).`;
  throw new ReshardStoppedError(context.planId, 'freeze', undefined, reason);
}
