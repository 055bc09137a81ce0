import { LeaseLostError, TopologyStoreError } from '../../errors';
import { databaseFault } from '../../fence';
import { blockedText } from './apply-mark';
import { type Chunk, type ChunkRow, chunkIds } from './chunk';
import { ChunkCancelled, CommitUnknown, commitChunk } from './commit-chunk';
import { type CopiedCounts, copyChunk } from './copy-chunk';
import { freezeChunk, lowerChunk, setChunkBack } from './freeze-chunk';
import type { MoveContext } from './move-context';
import { rowsOf } from './plan-edits';
import { isNone, partKey, rowId } from './row-part';
import { takeRows } from './take-rows';

/*
 * A chunk is in one of these states; in each of them every other process can go on with it:
 *
 *   open       its rows are written on their sources
 *   frozen     nobody writes; a mover that comes takes it over, clears the targets and sets it back
 *   copied     the targets have it too; as before
 *   committed  the topology says that it has moved; whoever reads that lowers the shards
 *   lowered    its rows are written on their targets; departures are left to be deleted
 *
 * Between `copied` and `committed` one swap decides. Without its answer the rows are taken over like those of a stranger.
 */

/** What became of a chunk. */
export interface ChunkEnd {
  /** `moved`: but for busy rows; `again`: all of it is open, and may be tried again; `lost`: its rows have another mover. */
  readonly end: 'moved' | 'again' | 'lost';
  readonly busy?: BusyRows;
}

/** Rows that did not move with the others, and are open: somebody held them. */
export interface BusyRows {
  /** By {@link rowId}. */
  readonly ids: readonly string[];
  /** Who it was, as far as it can be seen. */
  readonly reason: string;
}

/** Moves one chunk. @throws what is not expected, when the chunk is open again or nobody knows whether its shards can be reached. */
export async function moveChunk(context: MoveContext, chunk: Chunk): Promise<ChunkEnd> {
  let busy: readonly ChunkRow[] = [];
  const begunMs = performance.now();
  context.progress.moving();
  try {
    busy = await freezeChunk(context, chunk);
    if (busy.length > 0) context.progress.retried();
  } catch (error) {
    return { end: await afterFailure(context, chunk, { error, hasCopied: false }) };
  }
  const rest = { ...chunk, rows: chunk.rows.filter((row) => !busy.includes(row)) };
  const end = rest.rows.length === 0 ? 'moved' : await moveFrozen(context, rest, begunMs);
  return busy.length === 0 ? { end } : { end, busy: await busyRows(context, chunk, busy) };
}

async function busyRows(context: MoveContext, chunk: Chunk, busy: readonly ChunkRow[]): Promise<BusyRows> {
  const written = chunk.parts.find(({ oldRule }) => !isNone(oldRule));
  const shard = await context.connections.shard(written?.shard ?? '');
  return { ids: chunkIds({ ...chunk, rows: busy }), reason: await blockedText(shard, partKey(busy[0]!.row, shard.name)) };
}

async function moveFrozen(context: MoveContext, chunk: Chunk, begunMs: number): Promise<ChunkEnd['end']> {
  const attempt = { hasCopied: false, version: 0, counts: [] as CopiedCounts };
  try {
    await copyChunk(context, chunk, {
      onWritten: () => {
        attempt.hasCopied = true;
      },
      commit: async (counts) => {
        attempt.version = await commitChunk(context, chunk);
        attempt.counts = counts;
      },
    });
  } catch (error) {
    // After the commit only the sources' transactions were left, which had read: that they ended badly changes nothing.
    if (attempt.version === 0) return afterFailure(context, chunk, { error, hasCopied: attempt.hasCopied });
  }
  await finishChunk(context, chunk, { ...attempt, begunMs });
  return 'moved';
}

async function setBack(context: MoveContext, chunk: Chunk, hasCopied: boolean): Promise<ChunkEnd['end']> {
  context.progress.retried();
  await setChunkBack(context, chunk, { hasCopied });
  return 'again';
}

interface Failure {
  readonly error: unknown;
  readonly hasCopied: boolean;
}

async function afterFailure(context: MoveContext, chunk: Chunk, { error, hasCopied }: Failure): Promise<ChunkEnd['end']> {
  if (error instanceof LeaseLostError) return 'lost';
  if (error instanceof CommitUnknown) return afterDoubt(context, chunk);
  const isExpected = isPassing(error);
  try {
    await setBack(context, chunk, hasCopied);
  } catch (cause) {
    // Who resumes takes the chunk over, and does what could not be done here.
    if (cause instanceof LeaseLostError) return 'lost';
    if (isExpected) throw cause;
  }
  if (!isExpected) throw error;
  return 'again';
}

/** What the next attempt may not meet: the store was silent, others held rows beside the chunk, or the plan was cancelled. */
function isPassing(error: unknown): boolean {
  if (error instanceof TopologyStoreError) return error.retryable;
  return error instanceof ChunkCancelled || databaseFault(error) === 'blocked';
}

/** Once the rows have another token the swap in doubt cannot be stored any more, and the topology says whether it was. */
async function afterDoubt(context: MoveContext, chunk: Chunk): Promise<ChunkEnd['end']> {
  const ids = new Set(chunkIds(chunk));
  const taken = await takeRows(context, (plan) =>
    rowsOf(plan).filter((row) => ids.has(rowId(row.group, row)) && context.tokens.has(row.token)),
  );
  if (taken === 0) return 'lost';
  const [first] = chunk.rows;
  const now = rowsOf(context.plan).find((row) => row.group === chunk.group && row.since === first?.row.since);
  return now?.watermark === first?.from ? 'moved' : 'again';
}

interface Committed {
  readonly version: number;
  readonly counts: CopiedCounts;
  readonly begunMs: number;
}

async function finishChunk(context: MoveContext, chunk: Chunk, { version, counts, begunMs }: Committed): Promise<void> {
  context.announce('committed', { group: chunk.group, rows: chunk.count });
  const atMs = performance.now();
  for (const { source, target, rows } of counts) context.progress.moved(source, target, rows);
  await lowerChunk(context, chunk, { version, onOpen: () => context.progress.chunk(performance.now() - begunMs) });
  // Not before the shards know: they let nobody delete what has not moved. Nor for a part of a row: the grace of the rest begins later.
  const whole = chunk.rows.filter(({ row, from }) => from === row.since);
  for (const id of chunkIds({ ...chunk, rows: whole })) context.movedAt.set(id, { atMs, version });
}
