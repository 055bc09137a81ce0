import { LeaseLostError } from '../../errors';
import { markOf } from '../../fence';
import { allEnded, markAll, markUntilDone } from './apply-mark';
import type { Chunk, ChunkRow } from './chunk';
import type { MoveContext } from './move-context';
import { isNone, partKey, type RowPart } from './row-part';
import { clearArrivals } from './take-rows';

/**
 * Freezes a chunk: where it is written, in order of names, and at the same time where it arrives. What others hold for longer than a step
 * may wait is left out from there on, and opened where it was frozen.
 *
 * @returns the rows of the chunk that others hold; all the others are frozen.
 * @throws {LeaseLostError} when another mover has the chunk.
 */
export async function freezeChunk(context: MoveContext, chunk: Chunk): Promise<readonly ChunkRow[]> {
  const written = chunk.parts.filter(({ oldRule }) => !isNone(oldRule));
  const arriving = chunk.parts.filter(({ oldRule }) => isNone(oldRule));
  const lanes = [written, ...arriving.map((part) => [part])];
  const left = await allEnded(lanes.map((parts) => freezeInOrder(context, { ...chunk, parts })));
  const held = chunk.rows.filter((row) => left.some((rows) => rows.includes(row)));
  for (const [index, parts] of lanes.entries()) {
    const rows = held.filter((row) => !left[index]!.includes(row));
    if (rows.length > 0) for (const part of parts) await setPartBack(context, { ...chunk, rows }, part);
  }
  return held;
}

/** @returns the rows that others hold; of these nothing is frozen. */
async function freezeInOrder(context: MoveContext, chunk: Chunk): Promise<readonly ChunkRow[]> {
  let rest = chunk.rows;
  for (const [index, part] of chunk.parts.entries()) {
    const held = await freezePart(context, { ...chunk, rows: rest }, part);
    if (held.length === 0) continue;
    // Not where it is held: there it is not frozen, and a mark would wait for who holds it.
    for (const frozen of chunk.parts.slice(0, index)) await setPartBack(context, { ...chunk, rows: held }, frozen);
    rest = rest.filter((row) => !held.includes(row));
    if (rest.length === 0) break;
  }
  return chunk.rows.filter((row) => !rest.includes(row));
}

async function freezePart(context: MoveContext, chunk: Chunk, { shard: name }: RowPart): Promise<readonly ChunkRow[]> {
  context.announce('freeze', { group: chunk.group, shard: name, rows: chunk.rows.length });
  const shard = await context.connections.shard(name);
  const marks = chunk.rows.map(({ row, from, upto }) =>
    markOf.freeze(partKey(row, name), { token: chunk.token, watermark: upto, frontier: from }),
  );
  const outcomes = await markAll(shard, marks);
  if (outcomes.some(({ kind }) => kind === 'refused')) throw new LeaseLostError(name, chunk.group);
  return chunk.rows.filter((_, index) => outcomes[index]?.kind === 'blocked');
}

/**
 * Opens a chunk of which no swap was sent: clears what has arrived, and sets every row back. A shard that fails does not keep the others
 * from being opened: what it keeps is foreign there, and whoever takes the rows over clears it before anything arrives again.
 *
 * @throws {LeaseLostError} when another mover has it by now, who does this itself; what kept a shard from it, once all others are open.
 */
export async function setChunkBack(context: MoveContext, chunk: Chunk, { hasCopied }: { readonly hasCopied: boolean }): Promise<void> {
  const targets = hasCopied ? chunk.parts.filter(({ newRule }) => !isNone(newRule)) : [];
  const failures = await failuresOf(targets, ({ shard }) => clearArrivals(context, { ...chunk, shard }));
  const cleared = chunk.parts.filter((part) => !failures.has(part));
  for (const [part, error] of await failuresOf(cleared, (each) => setPartBack(context, chunk, each))) failures.set(part, error);
  for (const error of failures.values()) throw error;
}

async function failuresOf(parts: readonly RowPart[], work: (part: RowPart) => Promise<void>): Promise<Map<RowPart, unknown>> {
  const failures = new Map<RowPart, unknown>();
  for (const part of parts) await work(part).catch((error: unknown) => failures.set(part, error));
  return failures;
}

async function setPartBack(context: MoveContext, chunk: Chunk, { shard: name }: RowPart): Promise<void> {
  const { version } = context.live.current;
  const shard = await context.connections.shard(name);
  const marks = chunk.rows.map(({ row, upto }) => markOf.setBack(partKey(row, name), { token: chunk.token, watermark: upto, version }));
  await markUntilDone(context, shard, marks);
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
  const marks = chunk.rows.map(({ row, from }) => markOf.lower(partKey(row, part.shard), { watermark: from, version }));
  await markUntilDone(context, shard, marks);
}
