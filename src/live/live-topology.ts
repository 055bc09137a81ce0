import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { ClusterCore } from '../cluster';
import { NotInitializedError, TopologyStoreError } from '../errors';
import {
  readTopology,
  type StoredTopology,
  type SwapOutcome,
  type Topology,
  type TopologyState,
  type TopologyStore,
  topologyOf,
  writeTopology,
} from '../topology';
import { HeldVersions } from './held-versions';

/*
 * What this process knows of the topology is in one of three states:
 *
 *   fresh     refreshed within the route lease: statements may be sent
 *   stale     past the lease: whoever has a statement to send refreshes first
 *   silent    past the lease, and the store does not answer: keyed calls obey the ownership rows of their shard, scatters are refused
 *
 * A refresh stores a heartbeat before it reads, so that movers which wait for all live clients never miss one that has a lease. A
 * process that ends takes its heartbeat back; one that was killed counts as gone when it was silent for lease and idle timeout.
 */

/**
 * The topology that this process routes by: refreshes it, knows until when it may be used, and takes up what is swapped.
 *
 * With `memoryTopology()` there is no lease: every change is seen at once.
 */
export class LiveTopology {
  /** Unique for each start of a cluster; it tells people who look for the process its host and number. */
  readonly id: string = `${hostname().slice(0, 50)}:${process.pid}:${randomUUID()}`;
  readonly store: TopologyStore;
  readonly held = new HeldVersions();
  #core: ClusterCore;
  #leaseEndMs = Number.NEGATIVE_INFINITY;
  #keptSinceMs = Number.NEGATIVE_INFINITY;
  #running: Promise<Topology> | undefined;
  #next: Promise<Topology> | undefined;
  #end: AbortController | undefined;
  #loop: Promise<void> = Promise.resolve();
  readonly #changes = new EventTarget();
  #lastRead: (StoredTopology & { readonly topology: Topology }) | undefined;
  /** Until when a topology was known to be the newest, by its version. */
  readonly #confirmedMs = new Map<number, number>();
  #failedMs = Number.NEGATIVE_INFINITY;

  /** @param core - what calls are routed by before there is a topology. */
  constructor(
    core: ClusterCore,
    /** Monotonic, in milliseconds. */
    readonly now: () => number = () => performance.now(),
  ) {
    this.#core = core;
    this.store = core.options.topology;
  }

  /** What calls are routed by now. */
  get core(): ClusterCore {
    return this.#core;
  }

  /** The newest topology that this process knows. @throws {NotInitializedError} before {@link start}. */
  get current(): Topology {
    if (!this.#core.topology) throw new NotInitializedError();
    return this.#core.topology;
  }

  /** Whether statements may be sent by {@link current}. */
  get isFresh(): boolean {
    return !this.#core.options.isShared || this.now() < this.#leaseEndMs;
  }

  /** Since when the lease has not lapsed: movers have counted this process among the living all the time. */
  get keptSinceMs(): number {
    return this.#keptSinceMs;
  }

  /** Whether calls must be made as {@link attempted} makes them: when others can change the topology, or something moves. */
  get isGuarded(): boolean {
    return this.#core.options.isShared || Boolean(this.#core.topology?.plan);
  }

  /**
   * Whether what an older topology says can still be read: nothing that moved since it was the newest can have been deleted from its
   * source by now.
   */
  mayUse({ topology, options }: ClusterCore): boolean {
    const { routeLeaseMs, graceMs } = options.resharding;
    if (topology?.version === this.current.version) return true;
    return this.now() < (this.#confirmedMs.get(topology?.version ?? 0) ?? Number.NEGATIVE_INFINITY) + Math.min(routeLeaseMs, graceMs);
  }

  /**
   * Refreshes if the store answers, with a pause after a failure, so that not every statement waits for a store that is down.
   *
   * @returns whether the topology is fresh now.
   */
  async refreshed(): Promise<boolean> {
    if (!this.#core.options.isShared) return true;
    if (this.now() >= this.#failedMs + this.#core.options.resharding.refreshMs) {
      // Whoever needs the lease sees that there is none.
      await this.refresh().catch(() => {
        this.#failedMs = this.now();
      });
    }
    return this.isFresh;
  }

  /** Reads the stored topology without using it; undefined when nothing was ever stored. @throws {TopologyStoreError} */
  async stored(): Promise<Topology | undefined> {
    const stored = await this.store.read();
    if (!stored) return undefined;
    const { version, document, topology } = this.#lastRead ?? {};
    // While rows move it is large, and calls that wait for them ask for it often.
    if (topology && version === stored.version && document === stored.document) return topology;
    this.#lastRead = { ...stored, topology: readTopology(stored) };
    return this.#lastRead.topology;
  }

  /** Stores the first topology; when another process was first, that one's is used. @throws {TopologyStoreError} */
  async found(state: TopologyState): Promise<Topology> {
    await this.store.compareAndSwap(null, writeTopology(state));
    const stored = await this.stored();
    if (!stored) throw new TopologyStoreError('compareAndSwap', 'it did not keep the first topology.', { retryable: true });
    return stored;
  }

  /** Routes by a topology, without a lease. */
  use(topology: Topology): void {
    const known = this.#core.topology;
    if (known && known.version >= topology.version) return;
    if (known && !this.#core.options.isShared) this.#confirm(known.version, this.now());
    this.#core = this.#core.at(topology);
    this.#changes.dispatchEvent(new Event('change'));
  }

  /** Begins to refresh, until {@link stop}. @throws {TopologyStoreError} when the store does not answer the first time. */
  async start(): Promise<void> {
    if (!this.#core.options.isShared) return;
    await this.refresh();
    this.#end = new AbortController();
    this.#loop = this.#keepRefreshing(this.#end.signal);
  }

  /** Ends refreshing and closes the store, which takes this process's heartbeat back. It routes by the configuration again. */
  async stop(core: ClusterCore): Promise<void> {
    this.#end?.abort();
    await this.#loop;
    await this.#running?.catch(() => undefined);
    this.#leaseEndMs = Number.NEGATIVE_INFINITY;
    this.#core = core;
    await this.store.destroy();
  }

  /**
   * Learns the newest topology. The refresh begins after the call; those that ask at the same time share one.
   *
   * @throws {TopologyStoreError} when the store does not answer; then what is known stays, until its lease ends.
   */
  refresh(): Promise<Topology> {
    if (!this.#running) return this.#begin();
    // One that runs already may have read before the caller's reason to ask.
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  /**
   * Replaces the topology if it is still the expected one, and uses the new one when it was stored.
   *
   * @throws {TopologyStoreError} when it surely was not stored, though there was no conflict.
   */
  async swap(expected: Topology, state: TopologyState): Promise<SwapOutcome> {
    const begunMs = this.now();
    const outcome = await this.store.compareAndSwap(expected.storeVersion, writeTopology(state));
    if (outcome !== 'stored') return outcome;
    const topology = topologyOf(state, expected.storeVersion + 1);
    this.use(topology);
    this.#confirm(topology.version, begunMs);
    return outcome;
  }

  /** Waits until the topology fulfils a condition. @throws the signal's reason. */
  async until(condition: (topology: Topology) => boolean, signal: AbortSignal): Promise<Topology> {
    for (;;) {
      signal.throwIfAborted();
      if (condition(this.current)) return this.current;
      await this.#change(signal);
    }
  }

  #begin(): Promise<Topology> {
    const running = this.#refresh().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #refresh(): Promise<Topology> {
    const begunMs = this.now();
    const connected = [...this.#core.shards.values()].flatMap(({ name, isOpen }) => (isOpen ? [name] : []));
    const version = this.held.acknowledged(this.current.version);
    await this.store.heartbeat({ id: this.id, version, connected });
    const read = await this.store.read();
    if (!read)
      throw new TopologyStoreError('read', 'the topology is gone from it. Stop all processes, then run cluster.reshard.rebuild().');
    // Mostly it is the one that is known, and its document need not be read again.
    const stored = read.version === this.current.storeVersion ? this.current : readTopology(read);
    this.use(stored);
    this.#confirm(stored.version, begunMs);
    if (this.now() >= this.#leaseEndMs) this.#keptSinceMs = this.now();
    this.#leaseEndMs = begunMs + this.#core.options.resharding.routeLeaseMs;
    return this.current;
  }

  #confirm(version: number, atMs: number): void {
    this.#confirmedMs.set(version, Math.max(atMs, this.#confirmedMs.get(version) ?? Number.NEGATIVE_INFINITY));
    const [oldest] = this.#confirmedMs.keys();
    if (this.#confirmedMs.size > 1_000 && oldest !== undefined) this.#confirmedMs.delete(oldest);
  }

  async #keepRefreshing(signal: AbortSignal): Promise<void> {
    const { refreshMs } = this.#core.options.resharding;
    while (!signal.aborted) {
      await paused(refreshMs, signal);
      // A store that is silent is asked again; who needs the lease meanwhile is told.
      if (!signal.aborted) await this.refresh().catch(() => undefined);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#changes.removeEventListener('change', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#changes.addEventListener('change', done, { once: true });
    });
  }
}

/** Waits without keeping the process alive. */
function paused(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
  });
}
