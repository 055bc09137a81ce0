import { AsyncResource } from 'node:async_hooks';
import pLimit from 'p-limit';

/** Runs calls, holding back those beyond a number at once. */
export type CallLimit = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * Makes a limit. A call that had to wait is started by whoever made room for it; it still runs in the asynchronous context of its
 * own caller, so that listeners and subscribers see theirs and not another request's.
 */
export function callLimit(concurrency: number): CallLimit {
  const limit = pLimit(concurrency);
  return (call) => limit(AsyncResource.bind(call));
}
