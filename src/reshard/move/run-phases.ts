import { LeaseLostError } from '../../errors';
import type { PlanPhase, PlanRow } from '../../topology';
import { armedGroups } from '../fenced-groups';
import { awaitClients } from './barrier';
import { cancelRest } from './cancel-rest';
import { patiently } from './change-topology';
import { Cleaner } from './clean-rows';
import { copyReferencesTo } from './copy-references';
import { beginDisarming, endPlan } from './end-plan';
import { acceptPlacements } from './identity-step';
import { liveTokens } from './live-movers';
import { type MoveContext, PlanEnded } from './move-context';
import { moveRows } from './move-rows';
import { isMoved, rowsOf, withPlan } from './plan-edits';
import { armShards, beginRows } from './prepare-plan';
import { settleRows } from './settle-rows';
import { leaseRows } from './take-rows';
import { pause } from './throttle';

/**
 * Takes a plan from wherever it stands to its end. Each phase is left by a swap; where this run had to leave rows to other movers it
 * waits for them, and takes what they leave.
 *
 * @throws what keeps it from going on; the signal's reason.
 */
export async function runPhases(context: MoveContext): Promise<void> {
  const cleaner = new Cleaner(context);
  let isChecked = false;
  for (;;) {
    try {
      context.signal.throwIfAborted();
      await patiently(() => context.live.refresh(), context.signal);
      // What somebody dropped since they were made is made again, before anything trusts it.
      if (!isChecked && armedGroups(context.plan).length > 0) await armShards(context);
      isChecked = true;
      context.isCancelled ||= context.plan.order === 'cancel';
      await PHASES[context.plan.phase](context, cleaner);
    } catch (error) {
      if (error instanceof PlanEnded) return;
      if (!(error instanceof LeaseLostError)) throw error;
      await pause(context.live.core.options.resharding.refreshMs, context.signal);
    }
  }
}

const PHASES: Readonly<Record<PlanPhase, (context: MoveContext, cleaner: Cleaner) => Promise<void>>> = {
  preparing: prepare,
  announced: passBarrier,
  moving,
  cleaning: async (context, cleaner) => {
    await settleRows(context, cleaner);
    await beginDisarming(context);
  },
  disarming: endPlan,
};

async function prepare(context: MoveContext): Promise<void> {
  if (context.plan.order === 'cancel') return cancelRest(context);
  await holdAll(context);
  await acceptPlacements(context, new Map([...context.plan.moves].map(([group, { to }]) => [group, to] as const)));
  await copyReferencesTo(context);
  await beginRows(context);
  await armShards(context);
  context.announce('announce');
  await context.change((topology, plan) =>
    plan.phase === 'preparing' && plan.order !== 'cancel'
      ? withPlan(topology, { ...plan, phase: 'announced', announcedVersion: topology.version + 1 })
      : undefined,
  );
}

/** Waits until no other mover prepares the plan, and takes all of its rows. */
async function holdAll(context: MoveContext): Promise<void> {
  const isMine = ({ token }: PlanRow) => context.tokens.has(token);
  const { refreshMs } = context.live.core.options.resharding;
  while (context.plan.phase === 'preparing' && !rowsOf(context.plan).every(isMine)) {
    const lively = await patiently(() => liveTokens(context.live, context.plan), context.signal);
    if (rowsOf(context.plan).some(({ token }) => lively.has(token))) {
      await pause(refreshMs, context.signal);
      await patiently(() => context.live.refresh(), context.signal);
    } else await leaseRows(context, (plan) => rowsOf(plan).filter((row) => !isMine(row)));
  }
}

async function passBarrier(context: MoveContext): Promise<void> {
  await awaitClients(context);
  if (context.plan.order === 'cancel') return cancelRest(context);
  // Again, now that every process writes reference tables to the new shards too.
  await copyReferencesTo(context);
  context.announce('barrier');
  await context.change((topology, plan) => (plan.phase === 'announced' ? withPlan(topology, { ...plan, phase: 'moving' }) : undefined));
}

async function moving(context: MoveContext, cleaner: Cleaner): Promise<void> {
  const end = new AbortController();
  const stop = () => end.abort();
  context.signal.addEventListener('abort', stop, { once: true });
  const cleaning = cleanBehind(cleaner, end.signal);
  try {
    await moveRows(context);
  } finally {
    stop();
    context.signal.removeEventListener('abort', stop);
    await cleaning.ended;
  }
  if (cleaning.failure) throw cleaning.failure;
  if (context.plan.phase !== 'moving') return;
  if (context.plan.order === 'cancel' && !rowsOf(context.plan).every(isMoved)) return cancelRest(context);
  await place(context);
}

/** Cleans beside the workers. A failure is kept for when they have ended; a lost lease is for whoever has the rows. */
function cleanBehind(cleaner: Cleaner, signal: AbortSignal): { failure?: Error; readonly ended: Promise<void> } {
  const state: { failure?: Error; ended: Promise<void> } = { ended: Promise.resolve() };
  state.ended = cleaner.follow(signal).catch((error: unknown) => {
    if (!(error instanceof LeaseLostError || error instanceof PlanEnded)) state.failure = error as Error;
  });
  return state;
}

async function place(context: MoveContext): Promise<void> {
  context.announce('place');
  await context.change((topology, plan) => {
    if (plan.phase !== 'moving' || !rowsOf(plan).every(isMoved)) return undefined;
    const tables = new Map([...topology.tables, ...[...plan.moves].map(([group, { to }]) => [group, to] as const)]);
    return { ...withPlan(topology, { ...plan, phase: 'cleaning' }), weights: plan.weights, tables };
  });
}
