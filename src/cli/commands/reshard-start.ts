import type { Command } from '../command';
import { checkConfirmable, yesOption } from '../reshard/confirm';
import { openSharedCluster } from '../reshard/open-cluster';
import { changeOf, changeOptions } from '../reshard/plan-change';
import { runOptions, runOptionsOf } from '../reshard/run-options';
import { startPlan } from '../reshard/start-plan';
import { untilAborted } from '../until-aborted';

/** `reshard start`: plans, asks, and moves the rows. */
export const reshardStart: Command = {
  name: 'reshard start',
  summary: 'show the plan, ask, and move the rows while the application writes; Ctrl-C finishes the chunk and says how to go on',
  options: [...changeOptions, ...runOptions, yesOption],
  examples: [
    '-d src/cluster.ts reshard start --add s3',
    '-d src/cluster.ts reshard start --remove s1 --max-rows-per-second 1000',
    '-d dist/cluster.js reshard start --add s3 --chunk-rows 200 --workers 4 --yes --json',
  ],
  endsInOrder: true,
  writesLines: true,
  run: async (call) => {
    const change = changeOf(call.options);
    checkConfirmable(call);
    const { signal } = call;
    const { chunkRows } = runOptionsOf(call.options);
    const planned = openSharedCluster(call).then(() => call.cluster.reshard.plan(change, { chunkRows, signal }));
    return startPlan(await untilAborted(planned, signal), call);
  },
};
