import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShardedDataSource } from 'typeorm-sharding';
import { Account } from './account';
import { clusterOf, type TwoServers } from './two-servers';

/** What a writer is told. `write` answers when it is told to stop, `hold` after one transaction. */
export type WriterOrder =
  | { readonly order: 'open'; readonly servers: TwoServers }
  | { readonly order: 'write'; readonly keys: readonly string[]; readonly thinkMs: number }
  | { readonly order: 'stop' }
  | { readonly order: 'hold'; readonly key: string; readonly forMs: number }
  | { readonly order: 'close' };

/** What it answers: of each key how many writes there were, and how long the longest took. */
export interface WriterAnswer {
  readonly writes: number;
  readonly longestMs: readonly number[];
  readonly seconds: number;
}

let cluster: ShardedDataSource | undefined;
let end = new AbortController();

/** Each key is written again and again, one write after the other. */
async function write(open: ShardedDataSource, keys: readonly string[], thinkMs: number): Promise<WriterAnswer> {
  const stopped = new AbortController();
  end = stopped;
  const begun = performance.now();
  let writes = 0;
  const longestMs = await Promise.all(
    keys.map(async (id) => {
      let longest = 0;
      while (!stopped.signal.aborted) {
        const sent = performance.now();
        await open.getRepository(Account).update({ id }, { value: writes });
        longest = Math.max(longest, performance.now() - sent);
        writes += 1;
        if (thinkMs > 0) await delay(thinkMs);
      }
      return longest;
    }),
  );
  return { writes, longestMs, seconds: (performance.now() - begun) / 1_000 };
}

/** A transaction that has written a key and does nothing for long. */
async function hold(open: ShardedDataSource, id: string, forMs: number): Promise<WriterAnswer> {
  const runner = open.shardFor(Account, id).dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query('UPDATE account SET value = value + 1 WHERE id = ?', [id]);
    // In pieces, since the server ends sessions that are idle for longer.
    for (let left = forMs; left > 0; left -= 300) {
      await delay(Math.min(300, left));
      await runner.query('SELECT 1');
    }
    await runner.commitTransaction();
  } catch {
    // The key has moved, or is moving: then it holds nothing up.
    if (runner.isTransactionActive) await runner.rollbackTransaction();
  } finally {
    await runner.release();
  }
  return { writes: 1, longestMs: [], seconds: forMs / 1_000 };
}

async function obey(order: WriterOrder): Promise<WriterAnswer | 'done'> {
  if (order.order === 'open') cluster = await clusterOf(order.servers).initialize();
  else if (order.order === 'write') return write(cluster!, order.keys, order.thinkMs);
  else if (order.order === 'hold') return hold(cluster!, order.key, order.forMs);
  else if (order.order === 'stop') end.abort();
  else await cluster?.destroy();
  return 'done';
}

process.on('message', ({ number, order }: { number: number; order: WriterOrder }) => {
  void obey(order).then(
    (answer) => process.send?.({ number, answer }),
    (error: unknown) => process.send?.({ number, error: String(error instanceof Error ? error.stack : error) }),
  );
});
