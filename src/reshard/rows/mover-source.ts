import { type ShardDataSource, separateSource, shardFault } from '../../cluster';
import { fenceDialect } from '../../fence';
import { readCatalog } from './catalog';
import { SESSIONS } from './mover-session';

/** A member's database as a mover reaches it. */
export interface MoverSource {
  /** Data source of the member, ready for {@link movableTables}. */
  readonly source: ShardDataSource;
  /** Closes the mover's connections; on an embedded database, whose handle is the member's own, it does nothing. */
  destroy(): Promise<void>;
}

/**
 * Opens connections of a mover's own to one member's primary server, never the pool's: their sessions read and write values exactly,
 * whatever the configuration of the application's sessions, lock no gaps between rows, and log no statement. Embedded databases have one
 * handle, and there it answers the member's own data source, under its lock.
 *
 * The columns of the member's tables are read from the database once, here: open it anew after the schema has changed.
 *
 * @param options - `connections`: how many at most, from 1.
 * @throws {ShardError} when the server cannot be reached; {@link ConfigurationError} when a table is missing or has a column whose values
 *   cannot be copied exactly. Then nothing is left open.
 */
export async function openMoverSource(source: ShardDataSource, options: { readonly connections: number }): Promise<MoverSource> {
  const dialect = fenceDialect(source);
  if (dialect === 'sqlite') {
    await named(source, readCatalog(source));
    return { source, destroy: async () => undefined };
  }
  const own = await separateSource(source, { connections: options.connections, initCommands: SESSIONS[dialect] });
  try {
    await named(own, readCatalog(own));
  } catch (error) {
    await own.destroy();
    throw error;
  }
  return { source: own, destroy: () => own.destroy() };
}

function named<T>({ context }: ShardDataSource, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => Promise.reject(shardFault(context.shard, error)));
}
