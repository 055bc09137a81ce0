import { EventEmitter, on } from 'node:events';
import { type Heartbeat, Silence } from './silence';
import type { LiveClient, StoredTopology, SwapOutcome, TopologyClient, TopologyStore } from './topology-store';

/** A topology store in the memory of this process: what it learned ends with the process. Clusters that share one share the object. */
export function memoryTopology(): TopologyStore {
  return new MemoryTopology();
}

/** Whether a store is that of one process alone. */
export function isMemoryTopology(store: TopologyStore): boolean {
  return store instanceof MemoryTopology;
}

class MemoryTopology implements TopologyStore {
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #heartbeats = new Map<string, Heartbeat>();
  readonly #silence = new Silence();
  #watches = new AbortController();
  #current: StoredTopology | null = null;
  #beats = 0;

  async read(): Promise<StoredTopology | null> {
    return this.#current;
  }

  async compareAndSwap(expected: number | null, document: string): Promise<SwapOutcome> {
    const version = this.#current?.version ?? null;
    if (version !== expected) return 'conflict';
    this.#current = Object.freeze({ version: (version ?? 0) + 1, document });
    this.#changes.emit('change');
    return 'stored';
  }

  async *watch(signal: AbortSignal): AsyncGenerator<StoredTopology, void, undefined> {
    const end = AbortSignal.any([signal, this.#watches.signal]);
    if (end.aborted) return;
    const changes = on(this.#changes, 'change', { signal: end });
    let given = 0;
    try {
      for (;;) {
        const current = this.#current;
        if (current && current.version > given) {
          given = current.version;
          yield current;
        } else {
          await changes.next();
        }
        if (end.aborted) return;
      }
    } catch (error) {
      // How on() says that the signal aborted.
      if (!end.aborted) throw error;
    } finally {
      await changes.return?.();
    }
  }

  async heartbeat(client: TopologyClient): Promise<void> {
    this.#beats += 1;
    this.#heartbeats.set(client.id, { ...client, connected: [...client.connected], beat: this.#beats });
  }

  async liveClients(silentForMs: number): Promise<readonly LiveClient[]> {
    return this.#silence.observe(
      [...this.#heartbeats.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
      silentForMs,
    );
  }

  async destroy(): Promise<void> {
    this.#watches.abort();
    this.#watches = new AbortController();
    this.#heartbeats.clear();
  }
}
