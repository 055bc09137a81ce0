import type { Figure } from './figure';
import { randomNumbers } from './random-numbers';
import { bootstrap, median, trimmedMean } from './statistics';

/** A call that was prepared before its time is taken. */
export type Call = () => Promise<unknown>;

/** The same work done in two ways. */
export interface Pair {
  readonly subject: Call;
  readonly baseline: Call;
}

/** Microseconds of the two calls of each pair, by the pair's number. */
export interface PairedTimes {
  readonly subject: Float64Array;
  readonly baseline: Float64Array;
}

/** Enough for the compiler to have done with code that only the subject runs. */
const WARM_UP_PAIRS = 5_000;

/**
 * Takes the time of pairs of calls, one call after the other. The two of a pair come in random order and those of the next pair in the
 * opposite one, since the first call of a pair is slower, and a few more pairs of one order would show as a difference of half a per
 * cent. All pairs are made beforehand, so that a call does not find in a cache what making it has put there.
 */
export async function timePairs(count: number, makePair: () => Pair, warmUp = WARM_UP_PAIRS): Promise<PairedTimes> {
  const times = { subject: new Float64Array(count), baseline: new Float64Array(count) };
  const random = randomNumbers(7);
  const pairs = Array.from({ length: warmUp + count }, makePair);
  let isSubjectFirst = false;
  for (const [place, pair] of pairs.entries()) {
    const index = place - warmUp;
    isSubjectFirst = index % 2 === 0 ? random() < 0.5 : !isSubjectFirst;
    const order = isSubjectFirst ? (['subject', 'baseline'] as const) : (['baseline', 'subject'] as const);
    for (const which of order) {
      const begun = performance.now();
      await pair[which]();
      const microseconds = (performance.now() - begun) * 1_000;
      if (index >= 0) times[which][index] = microseconds;
    }
  }
  return times;
}

/**
 * The median of the ratios within pairs, with its interval. The two calls of a pair follow each other, so it holds also where the
 * machine's speed changes during a run, which moves the medians of the two columns apart.
 */
export function ratioWithinPairs(what: string, { subject, baseline }: PairedTimes, limit?: number): Figure {
  const ratios = subject.map((each, index) => each / baseline[index]!);
  const ratio = ([values]: readonly Float64Array[]) => median(values!);
  const note = `medians ${median(subject).toFixed(1)} and ${median(baseline).toFixed(1)} µs over ${subject.length} pairs`;
  const figure = { what, value: ratio([ratios]), unit: '×', interval: bootstrap([ratios], ratio), note } as const;
  return limit === undefined ? figure : { ...figure, limit, judgedBy: 'upper end' };
}

/** The ratio of the means, each without its fastest and slowest 5 %, where the machine's other work is. */
export function ratioOfMeans(what: string, { subject, baseline }: PairedTimes): Figure {
  const ratio = ([a, b]: readonly Float64Array[]) => trimmedMean(a!) / trimmedMean(b!);
  return { what, value: ratio([subject, baseline]), unit: '×', interval: bootstrap([subject, baseline], ratio) };
}
