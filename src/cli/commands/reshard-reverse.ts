import type { Command } from '../command';
import { checkConfirmable, isConfirmed, yesOption } from '../reshard/confirm';
import { openSharedCluster } from '../reshard/open-cluster';
import { runOptions, runOptionsOf } from '../reshard/run-options';
import { startPlan } from '../reshard/start-plan';
import { untilAborted } from '../until-aborted';

/** `reshard reverse`: ends the plan, and moves back what has moved. */
export const reshardReverse: Command = {
  name: 'reshard reverse',
  summary: 'end the move as reshard cancel does, then show the plan of the way back, ask, and move the rows back',
  options: [...runOptions, yesOption],
  examples: ['-d src/cluster.ts reshard reverse', '-d dist/cluster.js reshard reverse --yes --json'],
  endsInOrder: true,
  writesLines: true,
  run: async (call) => {
    checkConfirmable(call);
    await untilAborted(openSharedCluster(call), call.signal);
    if (!(await isConfirmed('End the move and plan the way back?', call))) {
      return { json: { event: 'declined' }, text: 'Nothing was changed.', exitCode: 1 };
    }
    const run = await call.cluster.reshard.resume({ ...runOptionsOf(call.options), signal: call.signal });
    // `reverse()` fails with the run, and tells why.
    run.finished.catch(() => undefined);
    return startPlan(await untilAborted(run.reverse(), call.signal), call);
  },
};
