import type { LiveClient, TopologyClient } from './topology-store';

/** A heartbeat as a store keeps it: any change of `beat` is a sign of life. */
export interface Heartbeat extends TopologyClient {
  readonly beat: string | number;
}

/** Measures for how long processes are silent, on the monotonic clock of the one that observes them. */
export class Silence {
  readonly #seen = new Map<string, { readonly beat: string | number; readonly atMs: number }>();

  constructor(readonly now: () => number = () => performance.now()) {}

  /** Takes in the heartbeats that a store holds now, and answers those that are not silent for so long. */
  observe(heartbeats: readonly Heartbeat[], silentForMs: number): readonly LiveClient[] {
    const nowMs = this.now();
    const ids = new Set(heartbeats.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
    return heartbeats.flatMap(({ beat, ...client }) => {
      const seen = this.#seen.get(client.id);
      if (seen?.beat !== beat) this.#seen.set(client.id, { beat, atMs: nowMs });
      const lastSeenMs = seen?.beat === beat ? nowMs - seen.atMs : 0;
      return lastSeenMs < silentForMs ? [{ ...client, lastSeenMs }] : [];
    });
  }
}
