import type { ScatterCallOptions, ScatterOptions } from '../options';

/** Scatter options, complete: what one call to several shards may cost. */
export type ScatterBudget = ScatterCallOptions & Required<Pick<ScatterOptions, 'mode' | 'writes'>>;

/** Puts options over a budget, member by member; a member that is undefined says nothing. */
export function mergeScatter(budget: ScatterBudget, ...nearer: readonly (ScatterCallOptions | undefined)[]): ScatterBudget {
  const given = nearer.flatMap((options) => Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
  return given.length === 0 ? budget : { ...budget, ...Object.fromEntries(given) };
}

/** Whether anything of a call has to be counted, timed or held back. */
export function isLimited({ maxRows, timeoutMs, concurrency, signal }: ScatterBudget): boolean {
  return maxRows !== undefined || timeoutMs !== undefined || concurrency !== undefined || signal !== undefined;
}
