import type { Answer, Command, CommandCall } from '../command';
import { openSharedCluster } from '../reshard/open-cluster';
import { resumeLine } from '../reshard/resume-line';

/** `reshard pause`: movers in all processes finish their chunks and wait. */
export const reshardPause: Command = {
  name: 'reshard pause',
  summary: 'let the movers of all processes finish their chunks and then wait; everything is served meanwhile',
  examples: ['-d src/cluster.ts reshard pause'],
  run: (call) =>
    ordered(
      call,
      'pause',
      ({ options }) => `Paused. Go on with reshard continue, or where no mover is left with:\n  ${resumeLine(options)}`,
    ),
};

/** `reshard continue`: ends a pause. */
export const reshardContinue: Command = {
  name: 'reshard continue',
  summary: 'let the movers that wait since reshard pause go on; it moves nothing itself',
  examples: ['-d src/cluster.ts reshard continue'],
  run: (call) =>
    ordered(call, 'continue', ({ options }) => `The movers go on. Where no mover is left, go on with:\n  ${resumeLine(options)}`),
};

async function ordered(call: CommandCall, order: 'pause' | 'continue', text: (call: CommandCall) => string): Promise<Answer> {
  await openSharedCluster(call);
  await call.cluster.reshard[order]();
  return { json: { ordered: order }, text: text(call) };
}
