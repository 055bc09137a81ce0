import { randomNumbers } from './random-numbers';

/** From where to where a value lies in 95 % of all resamples. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1_000;

/** The middle of the values. */
export function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The mean of the middle 90 % of the values. */
export function trimmedMean(values: Float64Array): number {
  const cut = Math.floor(values.length * 0.05);
  const middle = values.toSorted().subarray(cut, values.length - cut);
  return middle.reduce((sum, each) => sum + each, 0) / middle.length;
}

/**
 * The 95 % percentile bootstrap interval of a statistic of paired samples: pairs are drawn with replacement and stay pairs, so what
 * disturbs both halves of one, like a busy machine, does not widen the interval.
 *
 * @param statistic - of the resampled columns, each as long as `columns`.
 * @see Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
 */
export function bootstrap(columns: readonly Float64Array[], statistic: (columns: readonly Float64Array[]) => number): Interval {
  const random = randomNumbers(1);
  const { length } = columns[0]!;
  const drawn = columns.map(() => new Float64Array(length));
  const found = Float64Array.from({ length: RESAMPLES }, () => {
    for (let place = 0; place < length; place += 1) {
      const index = Math.floor(random() * length);
      for (const [column, values] of columns.entries()) drawn[column]![place] = values[index]!;
    }
    return statistic(drawn);
  }).sort();
  return { low: found[Math.floor(RESAMPLES * 0.025)]!, high: found[Math.ceil(RESAMPLES * 0.975) - 1]! };
}
