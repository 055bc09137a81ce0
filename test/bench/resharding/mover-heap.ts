import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Effort, Figure } from '../figure';
import { openFilled, startTwoServers } from './two-servers';

const MAX_RATIO = 1.1;

/** The most heap that a mover has alive, in a process of its own, with ten times as many rows against few. */
export async function* moverHeap({ largeRows }: Effort['resharding']): AsyncIterable<Figure> {
  const [few, many] = [await highestHeap(largeRows / 10), await highestHeap(largeRows)];
  yield {
    what: `highest heap of a mover at ${largeRows} rows to that at ${largeRows / 10}`,
    value: many.heap / few.heap,
    unit: '×',
    limit: MAX_RATIO,
    note: `${(many.heap / 2 ** 20).toFixed(1)} and ${(few.heap / 2 ** 20).toFixed(1)} MB; ${many.samples} and ${few.samples} collections`,
  };
}

interface Heap {
  readonly heap: number;
  readonly samples: number;
}

async function highestHeap(rows: number): Promise<Heap> {
  const servers = await startTwoServers();
  try {
    await (await openFilled(servers, rows)).destroy();
    const { shards, topology } = servers;
    const args = ['--expose-gc', join(__dirname, 'mover-process.js'), JSON.stringify({ shards, topology })];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`The mover ended with ${code}.`);
    return JSON.parse(text) as Heap;
  } finally {
    await servers.stop();
  }
}
