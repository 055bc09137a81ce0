import { backOff } from '../../fence';
import type { PlanRow } from '../../topology';
import { allEnded } from './apply-mark';
import { patiently } from './change-topology';
import type { Chunk } from './chunk';
import { Hands, isWanted } from './hands';
import { liveTokens } from './live-movers';
import { type ChunkEnd, moveChunk } from './move-chunk';
import type { MoveContext } from './move-context';
import { isWaiting, rowsOf } from './plan-edits';
import { type RowChoice, takeRows } from './take-rows';
import { pause } from './throttle';

/** How many rows are taken over at once: few enough that their tokens are raised quickly. */
const TAKEN_AT_ONCE = 64;

/** Moves rows until none is left that this plan shall move, whoever moves it. */
export async function moveRows(context: MoveContext): Promise<void> {
  const hands = new Hands(context);
  while (context.plan.phase === 'moving') {
    await allEnded(Array.from({ length: context.options.workers }, () => work(context, hands)));
    if (!rowsOf(context.plan).some((row) => isWanted(context.plan, row))) return;
    if ((await takeMore(context)) > 0) continue;
    await pause(context.live.core.options.resharding.refreshMs, context.signal);
    await patiently(() => context.live.refresh(), context.signal);
  }
}

async function work(context: MoveContext, hands: Hands): Promise<void> {
  let failed = 0;
  for (;;) {
    await whilePaused(context);
    context.signal.throwIfAborted();
    const chunk = await hands.take();
    if (!chunk) return;
    if (chunk === 'later') continue;
    let chunkEnd: ChunkEnd = { end: 'again' };
    try {
      await context.parts.throttle.admit(chunk.count, context.signal);
      await awaitReplicas(context, chunk);
      chunkEnd = await moveChunk(context, chunk);
      failed = chunkEnd.end === 'moved' ? 0 : failed + 1;
    } catch (error) {
      hands.isStopped = true;
      throw error;
    } finally {
      hands.putBack(chunk, chunkEnd.busy);
    }
    if (failed > 0) await backOff(failed, context.signal);
    // Until it is known who has the rows they would be tried again and again.
    if (chunkEnd.end === 'lost') await patiently(() => context.live.refresh(), context.signal);
  }
}

async function whilePaused(context: MoveContext): Promise<void> {
  while (context.plan.order === 'pause') {
    await pause(context.live.core.options.resharding.refreshMs, context.signal);
    await patiently(() => context.live.refresh(), context.signal);
  }
}

function awaitReplicas(context: MoveContext, { parts }: Chunk): Promise<void> {
  const names = parts.map(({ shard }) => shard);
  return context.parts.throttle.awaitReplicas(names, context.signal, (shard) =>
    context.progress.waits(context, shard && `the replicas of shard "${shard}"`),
  );
}

/** Takes rows whose mover is gone, or from the far end of what a mover that lives has not come to for long. */
async function takeMore(context: MoveContext): Promise<number> {
  const lively = await patiently(() => liveTokens(context.live, context.plan), context.signal);
  const isMine = ({ token }: PlanRow) => context.tokens.has(token);
  const choose: RowChoice = (plan) => {
    const others = rowsOf(plan).filter((row) => isWanted(plan, row) && !isMine(row));
    const orphans = others.filter(({ token }) => !lively.has(token));
    if (orphans.length > 0) return orphans.slice(0, TAKEN_AT_ONCE);
    const waiting = others.filter(isWaiting);
    return waiting.length > 2 * TAKEN_AT_ONCE ? waiting.slice(0, TAKEN_AT_ONCE) : [];
  };
  return takeRows(context, choose);
}
