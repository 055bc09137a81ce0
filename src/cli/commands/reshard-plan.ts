import type { Command } from '../command';
import { openCluster } from '../reshard/open-cluster';
import { changeOf, changeOptions } from '../reshard/plan-change';
import { chunkRowsOption, runOptionsOf } from '../reshard/run-options';
import { planFacts, planText } from '../text/plan-text';

/** `reshard plan`: what a start with the same options would do. */
export const reshardPlan: Command = {
  name: 'reshard plan',
  summary: 'show what would move, how much, and the balance before and after; moves nothing',
  options: [...changeOptions, chunkRowsOption],
  examples: [
    '-d src/cluster.ts reshard plan --add s3',
    '-d src/cluster.ts reshard plan --remove s1 --reweigh s2=2',
    '-d src/cluster.ts reshard plan --add s3 --group User --json',
  ],
  run: async (call) => {
    const change = changeOf(call.options);
    await openCluster(call);
    const plan = await call.cluster.reshard.plan(change, { chunkRows: runOptionsOf(call.options).chunkRows, signal: call.signal });
    return { json: planFacts(plan), text: planText(plan) };
  },
};
