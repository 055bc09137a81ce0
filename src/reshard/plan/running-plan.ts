import type { Topology, TopologyPlan } from '../../topology';

/** Why nothing can be planned while a plan runs, and how to go on; none when there is none. */
export function runningPlanFaults({ plan }: Topology): readonly string[] {
  return plan ? [`A plan is running already: ${plan.title} (${plan.id}), which is ${plan.phase}. ${wayOn(plan)}`] : [];
}

function wayOn({ phase, order }: TopologyPlan): string {
  if (phase === 'cleaning' || phase === 'disarming')
    return 'All of its rows have moved. Let cluster.reshard.resume() or typeorm-sharding reshard resume finish it, then plan.';
  if (order === 'pause')
    return 'It is paused. Let it go on with cluster.reshard.continue() or typeorm-sharding reshard continue, or end it with cancel().';
  return 'Let cluster.reshard.resume() or typeorm-sharding reshard resume finish it, or end it with cancel().';
}
