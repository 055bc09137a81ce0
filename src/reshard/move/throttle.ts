import { setTimeout as delay } from 'node:timers/promises';
import type { ResolvedRunOptions } from './run-options';

/** How often the lag of replicas is asked while it is too large, in milliseconds. */
const LAG_PAUSE_MS = 500;

/** Holds chunks back so that a process moves no more rows in a second than it may, and waits for replicas that lag behind. */
export class Throttle {
  readonly #options: ResolvedRunOptions;
  #freeAtMs = 0;

  constructor(options: ResolvedRunOptions) {
    this.#options = options;
  }

  /** Waits until so many rows may move. @throws the signal's reason. */
  async admit(rows: number, signal: AbortSignal): Promise<void> {
    const { maxRowsPerSecond } = this.#options;
    if (maxRowsPerSecond === undefined) return;
    const nowMs = performance.now();
    const startMs = Math.max(this.#freeAtMs, nowMs);
    this.#freeAtMs = startMs + (rows * 1_000) / maxRowsPerSecond;
    if (startMs > nowMs) await pause(startMs - nowMs, signal);
  }

  /** Waits until no replica of the shards is further behind than allowed. @throws the signal's reason; what `lagSeconds` throws. */
  async awaitReplicas(shards: readonly string[], signal: AbortSignal, onWait: (shard: string | undefined) => void): Promise<void> {
    const { maxLagSeconds, lagSeconds } = this.#options;
    if (maxLagSeconds === undefined || !lagSeconds) return;
    for (const shard of shards) {
      while ((await lagSeconds(shard)) > maxLagSeconds) {
        onWait(shard);
        await pause(LAG_PAUSE_MS, signal);
      }
    }
    onWait(undefined);
  }
}

/** Waits so long. @throws the signal's reason when it aborts before. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
