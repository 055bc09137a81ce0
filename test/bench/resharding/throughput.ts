import { setTimeout as delay } from 'node:timers/promises';
import type { Effort, Figure } from '../figure';
import { bootstrap, median } from '../statistics';
import { keysOf } from './keys';
import { moveOnce } from './one-move';
import { openFilled, startTwoServers } from './two-servers';
import { Writer } from './writer';

const KEYS = 4;
const WINDOW_MS = 4_000;
const HELD_MS = 1_500;
const ROWS_PER_SECOND = 1_000;
/** What moves lasts beyond the window, which begins after the first chunks. */
const MOVED_ROWS = ((WINDOW_MS + 5_000) / 1_000) * ROWS_PER_SECOND;
/** 1 / 0.85 */
const MAX_RATIO = 1.1765;

/** The loads: as much as there can be, so that writers, servers and movers want all of the machine; and one that leaves room. */
const LOADS = [
  { isHeld: false, thinkMs: 0, what: 'rows move', limit: MAX_RATIO },
  { isHeld: true, thinkMs: 0, what: 'rows move and a transaction is open on one', limit: MAX_RATIO },
  { isHeld: false, thinkMs: 2, what: 'rows move, by writers that pause for 2 ms' },
] as const;

/**
 * How much longer writes of keys that stay take while others move at 1,000 rows a second: one process writes four keys of a large table,
 * each again and again, for some seconds with no plan and then for as long while some slots move. Once more while a transaction of 1.5 s is open on a key that
 * moves, one after the other; and once by writers that rest between their writes.
 */
export async function* throughput({ moves, largeRows }: Effort['resharding']): AsyncIterable<Figure> {
  const servers = await startTwoServers();
  const cluster = await openFilled(servers, largeRows, { weight: largeRows / MOVED_ROWS - 1 });
  const [writer, holder] = [await Writer.start(servers), await Writer.start(servers)];
  try {
    const keys = await keysOf(cluster, { count: KEYS, isMoving: false });
    const held = await keysOf(cluster, { count: 40, isMoving: true });
    const rate = async (thinkMs: number) => {
      const writing = writer.tell({ order: 'write', keys, thinkMs });
      await delay(WINDOW_MS);
      await writer.tell({ order: 'stop' });
      const { writes, seconds } = await writing;
      return writes / seconds;
    };
    for (const { isHeld, thinkMs, what, ...target } of LOADS) {
      const found: { alone: number[]; moving: number[] } = { alone: [], moving: [] };
      for (let move = 0; move < moves; move += 1) {
        found.alone.push(await rate(thinkMs));
        await moveOnce(cluster, {
          maxRowsPerSecond: ROWS_PER_SECOND,
          whileMoving: async () => {
            const end = new AbortController();
            const holding = isHeld ? holdAll(holder, held, end.signal) : undefined;
            found.moving.push(await rate(thinkMs));
            end.abort();
            await holding;
          },
        });
      }
      const ratios = Float64Array.from(found.alone, (alone, index) => alone / found.moving[index]!);
      const of = (values: readonly number[]) => median(Float64Array.from(values)).toFixed(0);
      yield {
        what: `time of a write of a key that stays while ${what}, to that with no plan`,
        value: median(ratios),
        unit: '×',
        interval: bootstrap([ratios], ([values]) => median(values!)),
        ...target,
        note: `medians ${of(found.moving)} and ${of(found.alone)} writes/s over ${moves} moves at ${ROWS_PER_SECOND} rows/s`,
      };
    }
  } finally {
    await writer.stop();
    await holder.stop();
    await cluster.destroy();
    await servers.stop();
  }
}

async function holdAll(holder: Writer, keys: readonly string[], signal: AbortSignal): Promise<void> {
  for (let index = 0; !signal.aborted; index += 1) await holder.tell({ order: 'hold', key: keys[index % keys.length]!, forMs: HELD_MS });
}
