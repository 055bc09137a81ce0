import { ReshardStoppedError } from '../../errors';
import { moverTransaction } from '../../fence';
import { type CopiedRows, compareRows, type MovedStretch, type RowDifference, readStretches, readWritten, writeRows } from '../rows';
import { checkGuards } from './check-guards';
import type { Chunk } from './chunk';
import type { MoveContext } from './move-context';
import { partKey, type Transfer, transfersOf } from './row-part';

/** What has arrived, by source and target. */
export type CopiedCounts = readonly { readonly source: string; readonly target: string; readonly rows: number }[];

/** What one copy has to tell while it is made. */
interface Copying {
  /** Is told before anything is committed on a target. */
  readonly onWritten: () => void;
  /** Runs while the sources are still locked, where they can be. */
  readonly commit: (counts: CopiedCounts) => Promise<void>;
}

/** Rows that were read, and where they go. */
interface Load extends Transfer {
  readonly read: CopiedRows;
}

/**
 * Copies a frozen chunk: reads it with locks on its sources, writes it to its targets, compares what has been written, commits it there,
 * and then runs `commit`. Transactions of sources stay open until that has ended; embedded databases, where nobody but this mover can
 * write what is frozen, do not let a second transaction wait.
 */
export async function copyChunk(context: MoveContext, chunk: Chunk, copying: Copying): Promise<void> {
  const transfers = transfersOf(chunk.parts);
  const sources = [...new Set(transfers.map(({ source }) => source))].sort();
  await readFrom(context, chunk, { sources, transfers, loads: [], onRead: (loads) => writeAndCommit(context, chunk, { loads, copying }) });
}

interface Reading {
  readonly sources: readonly string[];
  readonly transfers: readonly Transfer[];
  readonly loads: readonly Load[];
  readonly onRead: (loads: readonly Load[]) => Promise<void>;
}

/** One source after another, each inside of the transaction of the one before. */
async function readFrom(context: MoveContext, chunk: Chunk, { sources, transfers, loads, onRead }: Reading): Promise<void> {
  const [name, ...others] = sources;
  if (name === undefined) return onRead(loads);
  const shard = await context.connections.shard(name);
  const own = transfers.filter(({ source }) => source === name);
  const lease = { token: chunk.token, rows: chunk.rows.map(({ row }) => partKey(row, name)) };
  const next = (more: readonly Load[]) => readFrom(context, chunk, { sources: others, transfers, loads: [...loads, ...more], onRead });
  const read = (after: (more: readonly Load[]) => Promise<void>) => {
    let found: readonly Load[] = [];
    const done = shard.use((runner) =>
      moverTransaction(runner, lease, async () => {
        context.announce('copy', { group: chunk.group, shard: name, rows: chunk.count });
        found = await loadsOf(chunk, own, (stretches) => readStretches(runner, shard.tables(chunk.group), stretches));
        await checkGuards(context, shard, { group: chunk.group, runner });
        await after(found);
      }),
    );
    return done.then(() => found);
  };
  if (shard.isEmbedded) await next(await read(async () => undefined));
  else await read(next);
}

async function loadsOf(
  chunk: Chunk,
  transfers: readonly Transfer[],
  read: (stretches: readonly MovedStretch[]) => Promise<CopiedRows>,
): Promise<readonly Load[]> {
  const loads: Load[] = [];
  for (const transfer of transfers) loads.push({ ...transfer, read: await read(stretchesOf(chunk, transfer)) });
  return loads;
}

function stretchesOf({ rows }: Chunk, { rules }: Transfer): readonly MovedStretch[] {
  return rows.map(({ from, upto }) => ({ from, upto, rules }));
}

async function writeAndCommit(
  context: MoveContext,
  chunk: Chunk,
  { loads, copying }: { readonly loads: readonly Load[]; readonly copying: Copying },
): Promise<void> {
  const targets = [...new Set(loads.map(({ target }) => target))].sort();
  for (const target of targets) await writeTo(context, chunk, { target, loads: loads.filter((load) => load.target === target), copying });
  await copying.commit(loads.map(({ source, target, read }) => ({ source, target, rows: read.count })));
}

async function writeTo(
  context: MoveContext,
  chunk: Chunk,
  { target, loads, copying }: { readonly target: string; readonly loads: readonly Load[]; readonly copying: Copying },
): Promise<void> {
  const shard = await context.connections.shard(target);
  const tables = shard.tables(chunk.group);
  const lease = { token: chunk.token, rows: chunk.rows.map(({ row }) => partKey(row, target)) };
  await shard.use((runner) =>
    moverTransaction(runner, lease, async () => {
      for (const { read } of loads) await writeRows(runner, tables, read);
      context.announce('verify', { group: chunk.group, shard: target, rows: chunk.count });
      for (const load of loads) {
        const again = await readWritten(runner, tables, stretchesOf(chunk, load));
        refuseDifferences(context, target, compareRows(load.read, again));
      }
      await checkGuards(context, shard, { group: chunk.group, runner });
      copying.onWritten();
    }),
  );
}

function refuseDifferences({ planId }: MoveContext, target: string, differences: readonly RowDifference[]): void {
  if (differences.length === 0) return;
  const counts = new Map<string, number>();
  for (const { table, kind } of differences) counts.set(`${table}: ${kind}`, (counts.get(`${table}: ${kind}`) ?? 0) + 1);
  const text = [...counts].map(([what, count]) => `${what} ${count}`).join(', ');
  throw new ReshardStoppedError(planId, 'verify', target, `what was copied is not what its source has (rows of ${text}).`);
}
