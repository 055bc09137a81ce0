import { TopologyStoreError } from '../../errors';
import { backOff } from '../../fence';
import type { LiveTopology } from '../../live';
import type { Topology, TopologyState } from '../../topology';

/** For how long a store that does not answer is asked again, in milliseconds. */
const STORE_PATIENCE_MS = 60_000;

/**
 * Changes the topology by swaps until the change is in it. `edit` is asked again after each conflict or doubt, with what is stored then,
 * and must see what it has done already.
 *
 * @param edit - answers undefined when there is nothing to change.
 * @returns the version that has the change: that of the swap, or of the topology in which there was nothing to change.
 * @throws {TopologyStoreError} when the store does not answer for a minute; whatever `edit` throws; the signal's reason.
 */
export async function changeTopology(
  live: LiveTopology,
  edit: (topology: Topology) => TopologyState | undefined,
  signal?: AbortSignal,
): Promise<number> {
  for (;;) {
    signal?.throwIfAborted();
    const expected = live.current;
    const state = edit(expected);
    if (!state) return expected.version;
    const outcome = await patiently(() => live.swap(expected, state), signal);
    if (outcome === 'stored') return expected.version + 1;
    await patiently(() => live.refresh(), signal);
  }
}

/** Repeats what a silent store may answer later. @throws what was thrown last, after a minute; the signal's reason. */
export async function patiently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const endMs = performance.now() + STORE_PATIENCE_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TopologyStoreError) || !error.retryable || performance.now() > endMs) throw error;
      await backOff(attempt, signal);
    }
  }
}
