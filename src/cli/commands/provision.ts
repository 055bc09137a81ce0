import { ControlTablesError } from '../../errors';
import type { Command, CommandCall } from '../command';
import { openCluster } from '../reshard/open-cluster';

/** `provision`: the control tables on every shard. */
export const provision: Command = {
  name: 'provision',
  summary: 'make the control tables on every shard, so that rows can be moved; needs the rights of the guide; safe to repeat',
  examples: ['-d src/cluster.ts provision', '-d dist/cluster.js provision --json'],
  run: async (call) => {
    await openMended(call);
    await call.cluster.reshard.provision();
    const { name } = call.cluster.core.options;
    const shards = call.cluster.shards.map((shard) => shard.name);
    return { json: { cluster: name, provisioned: shards }, text: `The control tables are on ${shards.join(', ')}.` };
  },
};

/** A cluster whose guards are missing does not start before they are made again. */
async function openMended(call: CommandCall): Promise<void> {
  try {
    await openCluster(call);
  } catch (error) {
    if (!(error instanceof ControlTablesError)) throw error;
    await call.cluster.reshard.provision();
    await openCluster(call);
  }
}
