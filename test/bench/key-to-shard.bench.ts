import { hashRing, type Placement, ShardedDataSource } from 'typeorm-sharding';
import { collectedHeap } from './collected-heap';
import type { Benchmark, Figure } from './figure';
import { median } from './statistics';
import { User } from './user';

const MAX_MICROSECONDS = 2;
/** A binary search over ten times as many nodes takes a few steps more; anything that grows with the shards shows far above this. */
const MAX_GROWTH = 1.5;
const MAX_BUILD_SECONDS = 0.5;
const MAX_GROWN_KB = 100;
const ROUNDS = 20;
const KEYS = 20_000;
const MILLION = 1_000_000;

const PLACEMENTS: readonly (readonly [name: string, placement: Placement])[] = [
  ['default ring', hashRing()],
  ['classic ring of 160', hashRing({ virtualNodes: 160 })],
];

/** Going from a key to its shard: time, growth with the cluster, memory, and what compiling the rings takes. */
export const keyToShard: Benchmark = {
  name: 'key-to-shard',
  async *run() {
    for (const [name, placement] of PLACEMENTS) {
      yield compileTime(name, placement);
      yield* lookUps(name, placement);
    }
  },
};

function compileTime(name: string, placement: Placement): Figure {
  const members = shardNames(1_000);
  const seconds = Float64Array.from({ length: 5 }, () => {
    const begun = performance.now();
    placement.compile(members);
    return (performance.now() - begun) / 1_000;
  });
  const note = `median of ${seconds.length}, slowest ${seconds.toSorted().at(-1)?.toFixed(3)} s`;
  return { what: `${name}: compiling 1000 shards`, value: median(seconds), unit: 's', limit: MAX_BUILD_SECONDS, note };
}

async function* lookUps(name: string, placement: Placement): AsyncIterable<Figure> {
  const [hundred, thousand] = [await openLazily(100, placement), await openLazily(1_000, placement)];
  const times = timesOf([hundred, thousand]);
  const [atHundred, atThousand] = [median(times[0]!), median(times[1]!)];
  const note = `median of ${ROUNDS} rounds of ${KEYS} different keys through shardFor()`;
  yield { what: `${name}: key to shard of 100`, value: atHundred, unit: 'µs', limit: MAX_MICROSECONDS, note };
  yield { what: `${name}: key to shard of 1000`, value: atThousand, unit: 'µs', limit: MAX_MICROSECONDS, note };
  yield { what: `${name}: 1000 shards to 100`, value: atThousand / atHundred, unit: '×', limit: MAX_GROWTH };
  yield {
    what: `${name}: heap grown by a million look-ups, median of three`,
    value: await heapGrownBy(hundred),
    unit: 'kB',
    limit: MAX_GROWN_KB,
  };
  await Promise.all([hundred.destroy(), thousand.destroy()]);
}

/** Opened lazily and never touched, so that there is nothing but routing. */
function openLazily(count: number, placement: Placement): Promise<ShardedDataSource> {
  const shards = shardNames(count).map((name) => ({ name }));
  return new ShardedDataSource({ type: 'sqljs', entities: [User], lazy: true, placement, shards, maxConnections: count }).initialize();
}

/** Microseconds for a look-up in each round; clusters in turn, so that none has a quieter machine. */
function timesOf(clusters: readonly ShardedDataSource[]): readonly Float64Array[] {
  const times = clusters.map(() => new Float64Array(ROUNDS));
  for (let round = -2; round < ROUNDS; round += 1) {
    const keys = Array.from({ length: KEYS }, (_, index) => `user-${round}-${index}`);
    for (const [index, cluster] of clusters.entries()) {
      const begun = performance.now();
      for (const key of keys) cluster.shardFor(User, key);
      if (round >= 0) times[index]![round] = ((performance.now() - begun) * 1_000) / KEYS;
    }
  }
  return times;
}

/**
 * Kilobytes that a million look-ups leave behind: the median of three times a million. What is kept for each look-up shows every time;
 * what the compiler of the engine keeps shows once, in a run of which it likes.
 */
async function heapGrownBy(cluster: ShardedDataSource): Promise<number> {
  const lookUp = (count: number, prefix: string) => {
    for (let index = 0; index < count; index += 1) cluster.shardFor(User, `${prefix}-${index}`);
  };
  lookUp(KEYS, 'warm-up');
  const grown: number[] = [];
  let before = await collectedHeap();
  for (const round of ['first', 'second', 'third']) {
    lookUp(MILLION, round);
    const after = await collectedHeap();
    grown.push(Math.max(0, after - before) / 1_000);
    before = after;
  }
  return median(Float64Array.from(grown));
}

function shardNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `10.0.${index >>> 8}.${index & 255}:3306`);
}
