import { setImmediate } from 'node:timers/promises';

const MAX_ROUNDS = 20;
const SETTLED_BYTES = 1_000;

/**
 * How many bytes of heap are alive, after all garbage has been collected.
 *
 * @throws Error when Node was started without `--expose-gc`.
 */
export async function collectedHeap(): Promise<number> {
  const { gc } = globalThis;
  if (!gc) throw new Error('Memory is measured under node --expose-gc, as npm run bench starts it.');
  // What finalisers and settled promises let go of is garbage only in a later collection.
  let [last, used] = [Number.POSITIVE_INFINITY, Number.MAX_VALUE];
  for (let round = 0; round < MAX_ROUNDS && last - used > SETTLED_BYTES; round += 1) {
    gc();
    await setImmediate();
    [last, used] = [used, process.memoryUsage().heapUsed];
  }
  return used;
}
