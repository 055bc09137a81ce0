import type { ScatterCallOptions, ScatterOptions } from '../options';

/** Scatter options, complete: what one call to several shards may cost. */
export type ScatterBudget = ScatterCallOptions & Required<Pick<ScatterOptions, 'mode' | 'writes'>>;

/** Puts options over a budget or other options, member by member; a member that is undefined says nothing. */
export function mergeScatter<T extends ScatterCallOptions>(budget: T, ...nearer: readonly (ScatterCallOptions | undefined)[]): T {
  const given = nearer.flatMap((options) => Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
  return given.length === 0 ? budget : { ...budget, ...Object.fromEntries(given) };
}

/** Whether anything of a call has to be counted, timed or held back. */
export function isLimited({ maxRows, timeoutMs, concurrency, signal }: ScatterBudget): boolean {
  return maxRows !== undefined || timeoutMs !== undefined || concurrency !== undefined || signal !== undefined;
}
