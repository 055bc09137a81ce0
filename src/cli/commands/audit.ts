import type { Command } from '../command';
import { openCluster } from '../reshard/open-cluster';
import { auditText } from '../text/audit-text';

/** `audit`: whether every row is where it should be. */
export const audit: Command = {
  name: 'audit',
  summary: 'look at every row: whether it is on its shard, there once, and under its position; changes nothing',
  examples: ['-d src/cluster.ts audit', '-d dist/cluster.js audit --json'],
  run: async (call) => {
    await openCluster(call);
    const report = await call.cluster.reshard.audit({ signal: call.signal });
    return { json: report, text: auditText(report), exitCode: report.isWell ? 0 : 3 };
  },
};
