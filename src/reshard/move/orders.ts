import { ReshardRefusedError } from '../../errors';
import type { LiveTopology } from '../../live';
import type { PlanOrder, TopologyPlan } from '../../topology';
import { changeTopology, patiently } from './change-topology';
import { isMixable } from './mixed-tables';
import { isWaiting, rowsOf, withPlan } from './plan-edits';

/** Lets all movers of the plan finish what they have frozen, and then move nothing. @throws {ReshardRefusedError} when nothing moves. */
export function requestPause(live: LiveTopology): Promise<void> {
  return order(live, 'pause');
}

/** Lets movers go on after {@link requestPause}. @throws {ReshardRefusedError} when nothing moves. */
export function requestContinue(live: LiveTopology): Promise<void> {
  return order(live, 'go');
}

/**
 * Ends the plan: before the first commit all of it is dropped, after it begun rows are finished and the others stay. It says so to all
 * movers and does not wait for them; without one `resume` does it.
 *
 * @throws {ReshardRefusedError} when nothing moves, or rows have moved and what has moved cannot become a placement.
 */
export function requestCancel(live: LiveTopology): Promise<void> {
  return order(live, 'cancel', refuseFunctions);
}

/** Ends the plan as {@link requestCancel}, on placements that are functions too: for whoever plans the way back at once. */
export function requestEnd(live: LiveTopology): Promise<void> {
  return order(live, 'cancel');
}

async function order(live: LiveTopology, wanted: PlanOrder, check: (plan: TopologyPlan) => void = () => undefined): Promise<void> {
  await patiently(() => live.refresh());
  await changeTopology(live, (topology) => {
    const { plan } = topology;
    if (!plan) throw new ReshardRefusedError(['Nothing is moving.']);
    if (plan.order === wanted) return undefined;
    if (plan.order === 'cancel') throw new ReshardRefusedError(['The plan was cancelled already. Let cluster.reshard.resume() end it.']);
    if (plan.phase === 'cleaning' || plan.phase === 'disarming') {
      throw new ReshardRefusedError(['All rows of the plan have moved already; it only cleans up.']);
    }
    check(plan);
    return withPlan(topology, { ...plan, order: wanted });
  });
}

function refuseFunctions(plan: TopologyPlan): void {
  const stuck = [...plan.moves].filter(([, move]) => !isMixable(move)).map(([group]) => group);
  if (stuck.length === 0 || rowsOf(plan).every(isWaiting)) return;
  throw new ReshardRefusedError([
    `Rows have moved, and the placement of group ${stuck.join(', ')} cannot say what is half-way. Go back with reverse() of the run, or let it end.`,
  ]);
}
