import type { Command } from '../command';
import { followStarted } from '../reshard/follow-run';
import { openSharedCluster } from '../reshard/open-cluster';
import { runOptions, runOptionsOf } from '../reshard/run-options';
import { untilAborted } from '../until-aborted';

/** `reshard resume`: goes on with the move that a process has left, or takes part in one. */
export const reshardResume: Command = {
  name: 'reshard resume',
  summary: 'go on with the move that was interrupted or paused, or take part in one that runs',
  options: runOptions,
  examples: ['-d src/cluster.ts reshard resume', '-d dist/cluster.js reshard resume --workers 4 --json'],
  endsInOrder: true,
  writesLines: true,
  run: async (call) => {
    await untilAborted(openSharedCluster(call), call.signal);
    const { cluster, options, signal } = call;
    return followStarted(cluster.reshard.resume({ ...runOptionsOf(options), signal }), call);
  },
};
