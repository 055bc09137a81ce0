import type { Command } from '../command';
import { checkConfirmable, isConfirmed, yesOption } from '../reshard/confirm';
import { followStarted } from '../reshard/follow-run';
import { openSharedCluster } from '../reshard/open-cluster';
import { untilAborted } from '../until-aborted';

/** `reshard cancel`: ends the plan, and helps to finish what has begun. */
export const reshardCancel: Command = {
  name: 'reshard cancel',
  summary: 'end the move: what has begun is finished, the rest stays where it is; waits for the end, and helps with it',
  options: [yesOption],
  examples: ['-d src/cluster.ts reshard cancel', '-d dist/cluster.js reshard cancel --yes --json'],
  endsInOrder: true,
  writesLines: true,
  run: async (call) => {
    checkConfirmable(call);
    await untilAborted(openSharedCluster(call), call.signal);
    if (!(await isConfirmed('End the move?', call))) return { json: { event: 'declined' }, text: 'Nothing was changed.', exitCode: 1 };
    const { reshard } = call.cluster;
    await reshard.cancel();
    return followStarted(reshard.resume({ signal: call.signal }), call);
  },
};
