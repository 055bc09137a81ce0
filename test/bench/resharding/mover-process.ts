import 'reflect-metadata';
import { subscribe } from 'node:diagnostics_channel';
import type { ReshardStep } from 'typeorm-sharding';
import { moveOnce } from './one-move';
import { clusterOf, type TwoServers } from './two-servers';

/** How many chunks apart the heap is looked at, at each of their steps. */
const EVERY = 10;

/** Moves once; prints the most heap that was alive at any step that was looked at. */
async function main(servers: TwoServers): Promise<void> {
  const { gc } = globalThis;
  if (!gc) throw new Error('The heap is measured under node --expose-gc.');
  const cluster = await clusterOf(servers).initialize();
  let [heap, samples, chunks] = [0, 0, 0];
  subscribe('typeorm-sharding:reshard:step', (message) => {
    const { step } = message as ReshardStep;
    if (step === 'freeze') chunks += 1;
    if (chunks % EVERY !== 0) return;
    gc();
    heap = Math.max(heap, process.memoryUsage().heapUsed);
    samples += 1;
  });
  await moveOnce(cluster);
  await cluster.destroy();
  process.stdout.write(JSON.stringify({ heap, samples }));
}

main(JSON.parse(process.argv[2]!) as TwoServers).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
