import { ReshardRefusedError } from '../../errors';
import { provisionedVersion } from '../../fence';
import type { LiveTopology } from '../../live';
import type { TopologyPlan } from '../../topology';
import { makePlanTo } from '../plan';
import { runningPlanFaults } from '../plan/running-plan';
import type { ReshardPlan } from '../reshard-plan';
import type { ReshardRun, ReshardRunOptions } from '../reshard-run';
import { allEnded } from './apply-mark';
import { changeTopology, patiently } from './change-topology';
import { shardsOfPlan, withPlan, withRows } from './plan-edits';
import { announceStep } from './reshard-step';
import { resolveRunOptions } from './run-options';
import { type FormerPlacement, StartedRun } from './started-run';

/**
 * Records a plan in the topology and begins to move. It answers when the plan is recorded; from then on any process can go on with it.
 *
 * @throws {ReshardRefusedError} when the topology is not the one that the plan was made from, a plan runs, or a shard is not provisioned.
 * @throws {ConfigurationError} for options that cannot be; {@link TopologyStoreError} when the store does not answer.
 */
export async function startRun(live: LiveTopology, plan: ReshardPlan, options: ReshardRunOptions): Promise<ReshardRun> {
  const resolved = resolveRunOptions(options);
  await patiently(() => live.refresh());
  await refuseUnprovisioned(live, plan);
  let token = 0;
  await changeTopology(live, (topology) => {
    // It was stored, though the store did not say so.
    if (topology.plan?.id === plan.id) return undefined;
    const running = runningPlanFaults(topology);
    if (running.length > 0) throw new ReshardRefusedError(running);
    if (topology.version !== plan.baseVersion) throw new ReshardRefusedError([STALE]);
    announceStep(plan.id, 'prepare');
    token = topology.lastToken + 1;
    return { ...withPlan(topology, recorded(live, plan, token)), lastToken: token };
  });
  return begin(live, { options: resolved, planned: plan, tokens: [token] });
}

/**
 * Goes on with the plan that the topology has, wherever its movers have left it; beside movers that live it takes a part of their rows.
 *
 * @throws {ReshardRefusedError} when nothing moves, or this process moves already.
 * @throws {ConfigurationError} for options that cannot be; {@link TopologyStoreError} when the store does not answer.
 */
export async function resumeRun(live: LiveTopology, options: ReshardRunOptions): Promise<ReshardRun> {
  const resolved = resolveRunOptions(options);
  await patiently(() => live.refresh());
  return begin(live, { options: resolved, planned: undefined, tokens: [] });
}

const STALE = 'The topology has changed since the plan was made. Make it again with cluster.reshard.plan().';

type Begun = Pick<ConstructorParameters<typeof StartedRun>[1], 'options' | 'planned' | 'tokens'>;

function begin(live: LiveTopology, begun: Begun): ReshardRun {
  const { plan } = live.current;
  if (!plan) throw new ReshardRefusedError(['Nothing is moving.']);
  const planBack = (former: FormerPlacement) => makePlanTo(live, { ...former, title: `back from ${plan.title}` });
  return new StartedRun(live, { ...begun, plan, planBack });
}

function recorded(live: LiveTopology, { id, title, weights, moves }: ReshardPlan, token: number): TopologyPlan {
  const plan: TopologyPlan = {
    id,
    title,
    phase: 'preparing',
    order: 'go',
    guard: live.core.options.resharding.guard,
    announcedVersion: 0,
    finalVersion: 0,
    weights,
    moves,
    movers: [{ token, client: live.id }],
  };
  return withRows(plan, (row) => ({ ...row, token }));
}

async function refuseUnprovisioned(live: LiveTopology, { moves }: ReshardPlan): Promise<void> {
  const names = shardsOfPlan({ moves });
  const versions = await allEnded(names.map(async (name) => provisionedVersion(await live.core.shard(name).open())));
  const missing = names.filter((_, index) => versions[index] === undefined);
  if (missing.length === 0) return;
  throw new ReshardRefusedError([`Shard ${missing.join(', ')} has no control tables. Run cluster.reshard.provision() first.`]);
}
