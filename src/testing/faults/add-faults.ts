import type { QueryRunner } from 'typeorm';
import type { ShardDataSource, StatementCanceller } from '../../cluster';
import { FaultRunner, type Sent } from './fault-runner';
import type { ShardState } from './shard-state';

/** Which runner a connection was given by. */
const runners = new WeakMap<object, FaultRunner>();

/** Lets calls that are over cancel what they still wait for on a slow shard, as they do on a server. */
const canceller: StatementCanceller = {
  cancelStatement: async (connection) => runners.get(connection as object)?.cancel(),
  // A wait is ended at once, so no cancellation comes late, and there is nothing to close.
  absorbCancel: async () => undefined,
  closeConnection: () => undefined,
};

/**
 * Lets the faults of a shard strike whatever its data source sends; the first statements of its opening too.
 *
 * @param sent - is told each statement, before faults strike it.
 */
export function addFaults(source: ShardDataSource, state: ShardState, sent: Sent): void {
  const createQueryRunner = source.createQueryRunner.bind(source);
  source.createQueryRunner = (mode) => {
    const runner: QueryRunner = createQueryRunner(mode);
    const faults = new FaultRunner(runner, state, sent);
    const { connect } = runner;
    // Whoever cancels a statement names the connection, of which SQLite has only one.
    runner.connect = async () => {
      const connection = Object.create((await connect.call(runner)) as object);
      runners.set(connection, faults);
      return connection;
    };
    return runner;
  };
  // Partitions of one database share the driver that cancels for all of them.
  Object.assign((source.options as { readonly driver?: object }).driver ?? {}, canceller);
}
