import type { Command } from '../command';
import { openCluster } from '../reshard/open-cluster';
import { verifyText } from '../text/verify-text';

/** `verify`: whether the databases say of themselves what the topology says of them. */
export const verify: Command = {
  name: 'verify',
  summary: 'compare ownership, guards, identities and copies of reference tables with the topology; changes nothing',
  examples: ['-d src/cluster.ts verify', '-d dist/cluster.js verify --json'],
  run: async (call) => {
    await openCluster(call);
    const report = await call.cluster.reshard.verify({ signal: call.signal });
    return { json: report, text: verifyText(report), exitCode: report.isWell ? 0 : 3 };
  },
};
