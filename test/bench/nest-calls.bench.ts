import { randomUUID } from 'node:crypto';
import { type BenchKind, createBenchDatabases } from './bench-databases';
import type { Benchmark, Figure } from './figure';
import { type NestContestants, openContestants, prepareRows } from './nest-contestants';
import { type Pair, timePairs } from './paired-calls';
import { randomNumbers } from './random-numbers';
import { bootstrap, median, trimmedMean } from './statistics';

const MAX_RATIO = 1.05;
const ROWS = 4_000;

/**
 * How often application and cluster are made anew. Two clusters that were made alike differ by up to a per cent for as long as they
 * live, by where their objects and connections came to lie; more pairs of calls on the same two only measure that more exactly.
 */
const STARTS = 16;

/** What a call costs in a NestJS application against the same call on a cluster without Nest. */
export function nestCalls(kind: BenchKind): Benchmark {
  return {
    name: `nest-${kind}`,
    async *run({ pairs }) {
      const databases = await createBenchDatabases(kind, ['s1', 's2', 's3']);
      try {
        const rows = { databases, guids: Array.from({ length: ROWS }, () => randomUUID()) };
        await prepareRows(rows);
        const found: Record<keyof typeof CALLS, number[]> = { findOneBy: [], insert: [] };
        for (let start = 0; start < STARTS; start += 1) {
          const contestants = await openContestants(rows, start % 2 === 0);
          const isSwapped = start % 4 >= 2;
          for (const name of NAMES) {
            const ratio = await ratioOf(CALLS[name](isSwapped ? swapped(contestants) : contestants, rows.guids), Math.ceil(pairs / STARTS));
            found[name].push(isSwapped ? 1 / ratio : ratio);
          }
          await contestants.close();
        }
        for (const name of NAMES) yield figureOf(`${name}, ${kind}: through Nest to the bare cluster`, Float64Array.from(found[name]));
      } finally {
        await databases.stop();
      }
    },
  };
}

/** Two equal calls differ by up to half a per cent when one is always the first of a pair's closures; so each takes that place in turn. */
function swapped({ injected, bare, close }: NestContestants): NestContestants {
  return { injected: bare, bare: injected, close };
}

const NAMES = ['findOneBy', 'insert'] as const;
const CALLS: Record<(typeof NAMES)[number], (contestants: NestContestants, guids: readonly string[]) => () => Pair> = {
  findOneBy: ({ injected, bare }, guids) => {
    const random = randomNumbers(11);
    return () => {
      const guid = guids[Math.floor(random() * guids.length)]!;
      return { subject: () => injected.find(guid), baseline: () => bare.find(guid) };
    };
  },
  insert: ({ injected, bare }) => {
    return () => {
      const [first, second] = [randomUUID(), randomUUID()];
      return { subject: () => injected.add(first), baseline: () => bare.add(second) };
    };
  },
};

async function ratioOf(makePair: () => Pair, pairs: number): Promise<number> {
  const { subject, baseline } = await timePairs(pairs, makePair, pairs);
  return median(subject.map((each, index) => each / baseline[index]!));
}

function figureOf(what: string, ratios: Float64Array): Figure {
  const mean = ([values]: readonly Float64Array[]) => trimmedMean(values!);
  const note = `each of ${ratios.length} starts gives one ratio, from ${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
  const interval = bootstrap([ratios], mean);
  return { what, value: mean([ratios]), unit: '×', interval, limit: MAX_RATIO, judgedBy: 'upper end', contains: 1, note };
}
