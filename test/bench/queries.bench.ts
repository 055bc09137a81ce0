import { In, LessThan } from 'typeorm';
import { Event } from './event';
import { EventContestants, NEWEST_FIRST, newerFirst } from './event-contestants';
import type { Benchmark, Effort, Figure } from './figure';
import { iterateFigures } from './iterate-rows';
import { loadInternals, type PageStrategy, type ScatterCall, shardingOf } from './library-internals';
import { type Pair, ratioWithinPairs, timePairs } from './paired-calls';
import { randomNumbers } from './random-numbers';
import { median } from './statistics';

const PAGE_ROWS = 50;
const OFFSET = 1_000;
/** How far inside the list the keyset page is. */
const DEPTH = 5_000;
const MAX_PAGE = 0.15;
const MAX_KEYSET = 3;
const MAX_IN = 1.1;
const MAX_MERGE = 0.3;
const MAX_ROUTE_MICROSECONDS = 5;
const IN_IDS = 500;
const ROUTES = 20_000;
const ROUNDS = 20;
/** Calls of milliseconds, each of many steps that the compiler has to have seen. */
const WARM_UP = 100;

/** Queries over four shards on MariaDB against what users would write themselves, and against one database with the same rows. */
export const queries: Benchmark = {
  name: 'queries-mariadb',
  async *run(effort) {
    const contestants = await EventContestants.open(effort.rows);
    try {
      yield* pages(contestants, effort);
      yield await keysetPage(contestants, effort);
      yield await inList(contestants, effort);
      yield* mergeAlone(contestants, effort);
      yield* iterateFigures(contestants, effort);
      yield routeAnalysis(contestants);
    } finally {
      await contestants.close();
    }
  },
};

async function* pages(contestants: EventContestants, effort: Effort): AsyncIterable<Figure> {
  const label = `page of ${PAGE_ROWS} after ${OFFSET} rows`;
  const find = () => contestants.routed.find({ ...NEWEST_FIRST, skip: OFFSET, take: PAGE_ROWS });
  const measure = (subject: Pair['subject']) => times(pairsOf(effort, 40), { subject, baseline: () => concatAndSort(contestants) });
  await requireSamePage(await find(), await concatAndSort(contestants));
  yield ratioWithinPairs(`${label}: find to concat-and-sort`, await measure(find), MAX_PAGE);
  for (const strategy of ['all', 'fair share', 'window'] as const) {
    const subject = pageBy(contestants, strategy);
    yield ratioWithinPairs(`${label}: keys first, ${strategy}, to concat-and-sort`, await measure(subject));
  }
}

/** What a user of several data sources would write. */
async function concatAndSort({ plain }: EventContestants): Promise<readonly Event[]> {
  const lists = await Promise.all(plain.map((repository) => repository.find({ ...NEWEST_FIRST, take: OFFSET + PAGE_ROWS })));
  return lists
    .flat()
    .sort(newerFirst)
    .slice(OFFSET, OFFSET + PAGE_ROWS);
}

/** A wrong page may be as fast as it likes. */
async function requireSamePage(page: readonly Event[], expected: readonly Event[]): Promise<void> {
  const wrong = page.length !== expected.length || page.some(({ createdAt }, index) => +createdAt !== +expected[index]!.createdAt);
  if (wrong) throw new Error('The page is another than that of all rows sorted.');
}

function pageBy({ cluster }: EventContestants, strategy: PageStrategy): Pair['subject'] {
  const { planSort, pageKeys, loadKeys, DirectAccess } = loadInternals();
  const call: ScatterCall = {
    operation: 'find',
    sharding: shardingOf(cluster),
    shards: cluster.shards,
    access: new DirectAccess(16),
    recipe: (manager) => manager.createQueryBuilder(Event, 'Event').setFindOptions({ ...NEWEST_FIRST, skip: OFFSET, take: PAGE_ROWS }),
  };
  return async () => {
    const plan = await planSort(call);
    const rows = await loadKeys(call, plan, await pageKeys(call, plan, { skip: OFFSET, take: PAGE_ROWS }, strategy));
    if (rows.length !== PAGE_ROWS) throw new Error(`The page has ${rows.length} rows.`);
  };
}

async function keysetPage({ routed, plain }: EventContestants, effort: Effort): Promise<Figure> {
  const before = await routed.findPage({ ...NEWEST_FIRST, limit: DEPTH });
  const after = before.next ?? undefined;
  const last = before.rows.at(-1) as Event;
  const [shard] = plain;
  const where = () => [{ createdAt: LessThan(last.createdAt) }, { createdAt: last.createdAt, guid: LessThan(last.guid) }];
  const baseline = () => shard!.find({ where: where(), order: { createdAt: 'DESC', guid: 'DESC' }, take: PAGE_ROWS });
  const subject = () => routed.findPage({ ...NEWEST_FIRST, limit: PAGE_ROWS, after });
  const label = `keyset page of ${PAGE_ROWS} after ${DEPTH} rows: findPage to one shard's own page`;
  return ratioWithinPairs(label, await times(pairsOf(effort, 16), { subject, baseline }), MAX_KEYSET);
}

async function inList({ routed, ordinary, guids }: EventContestants, effort: Effort): Promise<Figure> {
  const random = randomNumbers(5);
  const makePair = (): Pair => {
    const ids = Array.from({ length: IN_IDS }, () => guids[Math.floor(random() * guids.length)] as string);
    return { subject: () => routed.findBy({ guid: In(ids) }), baseline: () => ordinary.findBy({ guid: In(ids) }) };
  };
  const label = `findBy In(${IN_IDS} ids): cluster to one database`;
  return ratioWithinPairs(label, await timePairs(pairsOf(effort, 16), makePair, 10), MAX_IN);
}

async function* mergeAlone({ plain }: EventContestants, effort: Effort): AsyncIterable<Figure> {
  const { mergeSorted } = loadInternals();
  const wanted = OFFSET + PAGE_ROWS;
  const read = plain.map((repository) => repository.find({ order: { createdAt: 'DESC', guid: 'DESC' }, take: wanted }));
  const lists = await Promise.all(read);
  const pair: Pair = {
    subject: async () => mergeSorted(lists, newerFirst, wanted).slice(OFFSET),
    baseline: async () => lists.flat().sort(newerFirst).slice(OFFSET, wanted),
  };
  const label = `merging ${lists.length} × ${wanted} rows: merge alone to concat-and-sort`;
  yield ratioWithinPairs(label, await timePairs(pairsOf(effort, 4), () => pair, 500), MAX_MERGE);
}

function routeAnalysis({ cluster, guids }: EventContestants): Figure {
  const { proveRoute } = loadInternals();
  const sharding = shardingOf(cluster);
  const [table] = cluster.routingTables.values();
  const rounds = Float64Array.from({ length: ROUNDS }, (_, round) => {
    const wheres = Array.from({ length: ROUTES }, (_, index) => ({ guid: keyOf(guids[index % guids.length]!, round) }));
    const begun = performance.now();
    for (const where of wheres) proveRoute(sharding, where, table!, {});
    return ((performance.now() - begun) * 1_000) / ROUTES;
  });
  const note = `median of ${ROUNDS} rounds of ${ROUTES} different keys`;
  return { what: 'route analysis of a keyed findOneBy', value: median(rounds), unit: 'µs', limit: MAX_ROUTE_MICROSECONDS, note };
}

/** Another key of the same length in each round, since keys that were routed lately may be remembered. */
function keyOf(guid: string, round: number): string {
  return `${guid.slice(0, -2)}${String(round).padStart(2, '0')}`;
}

/** Calls of milliseconds need fewer pairs, and no more warm-up than a few. */
function pairsOf({ pairs }: Effort, fewerBy: number): number {
  return Math.max(10, Math.round(pairs / fewerBy));
}

function times(count: number, pair: Pair) {
  return timePairs(count, () => pair, WARM_UP);
}
