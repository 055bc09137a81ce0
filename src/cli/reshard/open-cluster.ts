import type { CommandCall } from '../command';
import { UsageError } from '../usage-error';

/**
 * Opens the cluster for a command that works on it.
 *
 * @throws {UsageError} when opening it would destroy rows, or what is moved could not be seen by other processes.
 */
export async function openCluster({ cluster }: Pick<CommandCall, 'cluster'>): Promise<void> {
  if (cluster.options.dropSchema === true || cluster.core.options.shared.dropSchema === true) {
    throw new UsageError('The cluster has dropSchema, so that opening it would drop every table. Take it out, or name another file.');
  }
  await cluster.initialize();
}

/** Like {@link openCluster}, for commands that move rows. */
export async function openSharedCluster(call: Pick<CommandCall, 'cluster'>): Promise<void> {
  if (!call.cluster.core.options.isShared) {
    throw new UsageError(
      'The cluster has memoryTopology(), which other processes do not see. Give it topology: sqlTopology({ … }), or move rows with ' +
        'cluster.reshard in the one process that uses it.',
    );
  }
  await openCluster(call);
}
