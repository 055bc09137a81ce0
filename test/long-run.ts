/**
 * Whether this run takes its time, as `bash .ci/run --long` does by `TEST_LONG=1`: more cases of each property, clusters of more sizes,
 * partitions on every database.
 */
export const isLongRun = process.env.TEST_LONG === '1';

/** How many cases a property tries, other ones in each run. */
export function casesOf({ short, long }: { readonly short: number; readonly long: number }): number {
  return isLongRun ? long : short;
}
