import { MoreThan } from 'typeorm';
import { collectedHeap } from './collected-heap';
import type { Event } from './event';
import type { EventContestants } from './event-contestants';
import type { Effort, Figure } from './figure';
import { median } from './statistics';

const PAGE_ROWS = 1_000;
const MAX_GROWN_MB = 20;
/** 0.8 of the throughput is 1.25 of the time. */
const MAX_TIME = 1.25;
const SAMPLES = 10;
const MAX_ROUNDS = 5;

/** Reading all rows one after another: what it holds in memory, and how long it takes against pages from one server. */
export async function* iterateFigures(contestants: EventContestants, effort: Effort): AsyncIterable<Figure> {
  const rows = contestants.guids.length;
  for (const [order, name] of [
    [undefined, 'without an order'],
    [{ createdAt: 'DESC' }, 'newest first'],
  ] as const) {
    const options = { pageRows: PAGE_ROWS, ...(order && { order }) };
    const value = await heapGrown(contestants, options);
    const note = `most of ${SAMPLES} collected heaps while ${rows} rows are read, less the one before`;
    yield { what: `iterate ${name}: heap growth`, value, unit: 'MB', limit: MAX_GROWN_MB, note };
  }
  yield await timeOfAll(contestants, effort);
}

async function heapGrown({ routed, guids }: EventContestants, options: object): Promise<number> {
  const every = Math.ceil(guids.length / SAMPLES);
  const before = await collectedHeap();
  let [count, most] = [0, 0];
  for await (const _row of routed.iterate(options)) {
    count += 1;
    if (count % every === 0) most = Math.max(most, (await collectedHeap()) - before);
  }
  requireAll(count, guids);
  return most / 1e6;
}

async function timeOfAll(contestants: EventContestants, effort: Effort): Promise<Figure> {
  const rounds = Math.min(MAX_ROUNDS, Math.max(2, Math.round(effort.pairs / 1_000)));
  const ratios = new Float64Array(rounds);
  const throughputs = { iterate: 0, pages: 0 };
  // Once without taking the time, until the compiler has seen both.
  for (const work of [iterateAll, pageThrough]) await work(contestants);
  for (let round = 0; round < rounds; round += 1) {
    const subject = () => iterateAll(contestants);
    const baseline = () => pageThrough(contestants);
    // In turn first, so that neither always finds the caches as the other left them.
    const [first, second] = round % 2 === 0 ? [subject, baseline] : [baseline, subject];
    const [a, b] = [await secondsOf(first), await secondsOf(second)];
    const [iterating, paging] = round % 2 === 0 ? [a, b] : [b, a];
    ratios[round] = iterating / paging;
    throughputs.iterate = contestants.guids.length / iterating;
    throughputs.pages = contestants.guids.length / paging;
  }
  const note = `median of ${rounds} rounds; ${throughputs.iterate.toFixed(0)} against ${throughputs.pages.toFixed(0)} rows a second in the last`;
  const what = `iterate over ${contestants.guids.length} rows: time, to pages from one server`;
  return { what, value: median(ratios), unit: '×', limit: MAX_TIME, note };
}

async function iterateAll({ routed, guids }: EventContestants): Promise<void> {
  let count = 0;
  for await (const _row of routed.iterate({ pageRows: PAGE_ROWS })) count += 1;
  requireAll(count, guids);
}

/** Keyset pages by the primary key, the fastest way to read a whole table with TypeORM. */
async function pageThrough({ ordinary, guids }: EventContestants): Promise<void> {
  let count = 0;
  let last = '';
  for (;;) {
    const page: Event[] = await ordinary.find({ where: { guid: MoreThan(last) }, order: { guid: 'ASC' }, take: PAGE_ROWS });
    count += page.length;
    if (page.length < PAGE_ROWS) break;
    last = (page.at(-1) as Event).guid;
  }
  requireAll(count, guids);
}

function requireAll(count: number, guids: readonly string[]): void {
  if (count !== guids.length) throw new Error(`${count} rows were read of ${guids.length}.`);
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}
