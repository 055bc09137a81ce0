import { setTimeout as delay } from 'node:timers/promises';
import type { Effort, Figure } from '../figure';
import { keysOf } from './keys';
import { moveOnce } from './one-move';
import { openFilled, startTwoServers } from './two-servers';
import { Writer } from './writer';

const KEYS = 16;
const THINK_MS = 5;
const MAX_RATIO = 2;
const MAX_P99_MS = 300;

/**
 * How long a write of a key that moves takes at most, beside how long the mover says that rows were frozen. A process of its own writes
 * sixteen keys that move, each again and again; of each key and move the longest write counts.
 */
export async function* writePause({ moves, movedRows }: Effort['resharding']): AsyncIterable<Figure> {
  const servers = await startTwoServers();
  const cluster = await openFilled(servers, movedRows);
  const writer = await Writer.start(servers);
  try {
    const keys = await keysOf(cluster, { count: KEYS, isMoving: true });
    const [pauses, windows]: [number[], number[]] = [[], []];
    for (let move = 0; move < moves; move += 1) {
      const writing = writer.tell({ order: 'write', keys, thinkMs: THINK_MS });
      await delay(500);
      const { report } = await moveOnce(cluster, { chunkRows: 500 });
      await writer.tell({ order: 'stop' });
      pauses.push(...(await writing).longestMs);
      windows.push(report.pauseMs.p50);
    }
    const at = (values: readonly number[], share: number) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)]!;
    const window = at(windows, 0.5);
    const note = `of ${pauses.length} keys and moves; p50 ${at(pauses, 0.5).toFixed(0)} ms; rows frozen for ${window.toFixed(0)} ms`;
    yield {
      what: 'write pause of a moving key, p50, to the frozen window',
      value: at(pauses, 0.5) / window,
      unit: '×',
      limit: MAX_RATIO,
      note,
    };
    yield { what: 'write pause of a moving key, p99', value: at(pauses, 0.99), unit: 'ms', limit: MAX_P99_MS, note };
  } finally {
    await writer.stop();
    await cluster.destroy();
    await servers.stop();
  }
}
