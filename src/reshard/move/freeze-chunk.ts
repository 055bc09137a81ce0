import { LeaseLostError } from '../../errors';
import { markAll, markUntilDone, reportBlocked } from './apply-mark';
import type { Chunk } from './chunk';
import type { MoveContext } from './move-context';
import { isNone, partKey, type RowPart } from './row-part';
import { clearArrivals } from './take-rows';

/** Freezes a chunk: first where it arrives, then where it is written, in order of names. @returns whether nobody was in the way. */
export async function freezeChunk(context: MoveContext, chunk: Chunk): Promise<boolean> {
  const arriving = chunk.parts.filter(({ oldRule }) => isNone(oldRule));
  const written = chunk.parts.filter(({ oldRule }) => !isNone(oldRule));
  for (const part of [...arriving, ...written]) if (!(await freezePart(context, chunk, part))) return false;
  return true;
}

async function freezePart(context: MoveContext, chunk: Chunk, { shard: name }: RowPart): Promise<boolean> {
  context.announce('freeze', { group: chunk.group, shard: name, rows: chunk.rows.length });
  const shard = await context.connections.shard(name);
  const markings = chunk.rows.map(({ row, from, upto }) => {
    const key = partKey(row, name);
    const marks = { token: chunk.token, watermark: upto, frontier: from };
    return { key, mark: (runner: Parameters<typeof shard.marks.freeze>[0]) => shard.marks.freeze(runner, key, marks) };
  });
  const outcomes = await markAll(shard, markings);
  if (outcomes.some(({ kind }) => kind === 'refused')) throw new LeaseLostError(name, chunk.group);
  const blocked = outcomes.findIndex(({ kind }) => kind === 'blocked');
  if (blocked < 0) return true;
  await reportBlocked(context, shard, markings[blocked]!.key, async () => undefined);
  return false;
}

/**
 * Opens a chunk of which no swap was sent: clears what has arrived, and sets every row back.
 *
 * @throws {LeaseLostError} when another mover has it by now, who does this itself.
 */
export async function setChunkBack(context: MoveContext, chunk: Chunk, { hasCopied }: { readonly hasCopied: boolean }): Promise<void> {
  const { version } = context.live.current;
  if (hasCopied) {
    for (const { shard, newRule } of chunk.parts) {
      if (isNone(newRule)) continue;
      for (const { row, from, upto } of chunk.rows) {
        await clearArrivals(context, { row, shard, token: chunk.token, stretch: { from, upto } });
      }
    }
  }
  for (const { shard: name } of chunk.parts) {
    const shard = await context.connections.shard(name);
    const markings = chunk.rows.map(({ row, upto }) => {
      const key = partKey(row, name);
      const marks = { token: chunk.token, watermark: upto, version };
      return { key, mark: (runner: Parameters<typeof shard.marks.setBack>[0]) => shard.marks.setBack(runner, key, marks) };
    });
    await markUntilDone(context, shard, markings);
  }
}

/** Lowers a committed chunk on every shard, new owners first. @param onOpen - is told when all new owners take writes. */
export async function lowerChunk(
  context: MoveContext,
  chunk: Chunk,
  { version, onOpen }: { version: number; onOpen: () => void },
): Promise<void> {
  const owners = chunk.parts.filter(({ newRule }) => !isNone(newRule));
  const sources = chunk.parts.filter(({ newRule }) => isNone(newRule));
  await Promise.all(owners.map((part) => lowerPart(context, chunk, { part, version })));
  onOpen();
  await Promise.all(sources.map((part) => lowerPart(context, chunk, { part, version })));
}

async function lowerPart(context: MoveContext, chunk: Chunk, { part, version }: { part: RowPart; version: number }): Promise<void> {
  context.announce('lower', { group: chunk.group, shard: part.shard, rows: chunk.rows.length });
  const shard = await context.connections.shard(part.shard);
  const markings = chunk.rows.map(({ row, from }) => {
    const key = partKey(row, part.shard);
    return { key, mark: (runner: Parameters<typeof shard.marks.lower>[0]) => shard.marks.lower(runner, key, { watermark: from, version }) };
  });
  await markUntilDone(context, shard, markings);
}
