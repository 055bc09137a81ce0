/** The topology as a store keeps it. */
export interface StoredTopology {
  /** Counts documents: 1 for the first, and each swap that is stored adds one. */
  readonly version: number;
  /** What was stored. */
  readonly document: string;
}

/** What a process says of itself. */
export interface TopologyClient {
  /** Unique for the life of a process. */
  readonly id: string;
  /** Version of the topology by which the process routes. */
  readonly version: number;
  /** Names of the shards that it is connected to. */
  readonly connected: readonly string[];
}

/** A process that was heard of lately. */
export interface LiveClient extends TopologyClient {
  /**
   * For how long this store has not heard of it, in milliseconds. It is counted on the monotonic clock of the process that asks, from
   * when that first saw the last heartbeat: clocks that jump do not matter, and it is never more than the truth.
   */
  readonly lastSeenMs: number;
}

/** What a compare-and-swap came to. `unknown`: the store did not answer; the document may be stored now, later, or never. */
export type SwapOutcome = 'stored' | 'conflict' | 'unknown';

/**
 * Keeps the topology document of one cluster for all its processes.
 *
 * Reads and swaps are linearizable: a read that begins after a swap was stored sees it or a later one.
 */
export interface TopologyStore {
  /** @returns null when nothing was ever stored. @throws {TopologyStoreError} when the store does not answer. */
  read(): Promise<StoredTopology | null>;

  /**
   * Stores a document if the version is still the expected one.
   *
   * @param expected - the version to replace; null when there must be none.
   * @throws {TopologyStoreError} when it surely was not stored, though there was no conflict.
   */
  compareAndSwap(expected: number | null, document: string): Promise<SwapOutcome>;

  /**
   * Gives the latest topology, if there is one, and then later ones as they come. It may skip some, but never stays behind the last;
   * versions only grow. While the store is down it waits. It ends when the signal aborts or the store is destroyed.
   */
  watch(signal: AbortSignal): AsyncIterable<StoredTopology>;

  /** Says that a process lives. @throws {TopologyStoreError} */
  heartbeat(client: TopologyClient): Promise<void>;

  /**
   * The processes that may live: all but those that this store has not heard of for so long. One that was never seen before counts as
   * just heard of, since nobody knows for how long it has been silent. They are in the order of their ids.
   *
   * @throws {TopologyStoreError}
   */
  liveClients(silentForMs: number): Promise<readonly LiveClient[]>;

  /** Ends watches, takes back the heartbeats made through this object, and closes what is open. Safe to call again. */
  destroy(): Promise<void>;
}
