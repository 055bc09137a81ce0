/**
 * A process of the application: opens the cluster, and then sets layouts by several calls at once until it is told to stop. Moving rows is
 * no concern of its.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { ShardedDataSource } from 'typeorm-sharding';
import { LayoutWriter } from '../layouts/layout-writer';
import { openCluster } from './cluster';
import type { Entries, Order, Told, Written } from './messages';

const CALLS_AT_ONCE = 2;
/** A process that does nothing but write would leave no processor to the servers of a small machine. */
const PAUSE_MS = 10;
const TELL_MS = 100;

let cluster: ShardedDataSource;
let writers: readonly LayoutWriter[] = [];
let writing: Promise<unknown> = Promise.resolve();

async function obey(order: Order): Promise<void> {
  if (order.order === 'open') {
    cluster = await openCluster(order.addresses);
    tell({ told: 'open' });
  } else if (order.order === 'write') {
    begin(order.entries);
  } else {
    await stop();
  }
}

/** Each of the calls at once has layouts of its own, since a layout is read and set again without a transaction. */
function begin(entries: Entries): void {
  const shares = Array.from({ length: CALLS_AT_ONCE }, (_, share) => entries.filter((_, index) => index % CALLS_AT_ONCE === share));
  writers = shares.map((share) => new LayoutWriter(new Map(share), { newKey, pauseMs: PAUSE_MS }));
  const timer = setInterval(() => tell({ told: 'writing', acknowledged: sum(({ acknowledged }) => acknowledged) }), TELL_MS);
  writing = Promise.all(writers.map((writer) => writer.run())).finally(() => clearInterval(timer));
  writing.catch(fail);
}

async function stop(): Promise<void> {
  for (const writer of writers) writer.stop();
  await writing;
  await cluster.destroy();
  const written: Written = {
    entries: writers.flatMap(({ ledger }) => [...ledger]),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    wrongReads: sum(({ wrongReads }) => wrongReads),
    slowestMs: Math.max(0, ...writers.map(({ slowestMs }) => slowestMs)),
  };
  tell({ told: 'stopped', written });
  process.disconnect();
}

function sum(number: (writer: LayoutWriter) => number): number {
  return writers.reduce((total, writer) => total + number(writer), 0);
}

function newKey(): string {
  return createHash('md5').update(randomUUID()).digest('hex');
}

function tell(told: Told): void {
  process.send?.(told);
}

/** Whoever started this process sees its exit code; the reason is on its stderr. */
function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

// Ctrl-C reaches all processes of the terminal. The one that started this says when to stop, and this goes when that one does.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
process.on('message', (order: Order) => void obey(order).catch(fail));
