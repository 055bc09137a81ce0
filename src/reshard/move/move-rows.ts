import { backOff } from '../../fence';
import type { PlanRow, TopologyPlan } from '../../topology';
import { allEnded } from './apply-mark';
import { patiently } from './change-topology';
import { alike, type Chunk, chunkIds, nextChunk } from './chunk';
import { liveTokens } from './live-movers';
import { moveChunk } from './move-chunk';
import type { MoveContext } from './move-context';
import { isBegun, isMoved, isWaiting, rowsOf } from './plan-edits';
import { rowId } from './row-part';
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

/** What shall move of the plan still: after `cancel` only what has begun. */
function isWanted({ order }: TopologyPlan, row: PlanRow): boolean {
  return order === 'cancel' ? isBegun(row) : !isMoved(row);
}

async function work(context: MoveContext, hands: Hands): Promise<void> {
  let failed = 0;
  for (;;) {
    await whilePaused(context);
    context.signal.throwIfAborted();
    const chunk = await hands.take();
    if (!chunk) return;
    try {
      await context.parts.throttle.admit(chunk.count, context.signal);
      await awaitReplicas(context, chunk);
      failed = (await moveChunk(context, chunk)) === 'again' ? failed + 1 : 0;
    } catch (error) {
      hands.isStopped = true;
      throw error;
    } finally {
      hands.putBack(chunk);
    }
    if (failed > 0) await backOff(failed, context.signal);
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

/** What the workers of one run have in hand. */
class Hands {
  /** A worker has failed: the others finish what they have. */
  isStopped = false;
  readonly #context: MoveContext;
  readonly #held = new Set<string>();

  constructor(context: MoveContext) {
    this.#context = context;
  }

  /** The next chunk, from above; undefined when this run has nothing that is free. */
  async take(): Promise<Chunk | undefined> {
    const context = this.#context;
    if (this.isStopped) return undefined;
    const { plan, tokens } = context;
    const free = rowsOf(plan).filter((row) => tokens.has(row.token) && isWanted(plan, row) && !this.#held.has(rowId(row.group, row)));
    const candidates = alike(context, free.reverse()).slice(0, 32);
    if (candidates.length === 0) return undefined;
    const ids = candidates.map((row) => rowId(row.group, row));
    for (const id of ids) this.#held.add(id);
    try {
      const chunk = await nextChunk(context, candidates);
      const chosen = new Set(chunkIds(chunk));
      for (const id of ids) if (!chosen.has(id)) this.#held.delete(id);
      return chunk;
    } catch (error) {
      for (const id of ids) this.#held.delete(id);
      this.isStopped = true;
      throw error;
    }
  }

  putBack(chunk: Chunk): void {
    for (const id of chunkIds(chunk)) this.#held.delete(id);
  }
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
