/** What a mover process answered. */
export interface MoverResult {
  readonly report?: { readonly pauseMs?: { readonly p50: number; readonly p99: number }; readonly movedRows?: number };
  readonly failed?: { readonly code: string; readonly retryable: boolean; readonly message: string; readonly cause?: string };
}

/** Faults of a mover that are as they should be while movers, shards and the store are killed: another process resumes. */
const EXPECTED = new Set([
  'ERR_RESHARD_STOPPED', // a shard or the store went away under the run
  'ERR_SHARD_FAILED', // … before there was a run
  'ERR_SHARDS_FAILED',
  'ERR_TOPOLOGY_STORE',
  'ERR_ROUTE_LEASE',
]);

/** Whether a failure may be met while things are killed. @param isLate - whether another mover may have ended the plan before. */
export function isExpectedFailure({ code }: NonNullable<MoverResult['failed']>, isLate: boolean): boolean {
  return EXPECTED.has(code) || (code === 'ERR_RESHARD_REFUSED' && isLate);
}
