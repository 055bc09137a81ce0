import type { GuardedCall } from '../live';
import type { CallRouter } from './call-router';

/** Makes the calls of one manager. */
export interface Calls {
  /** How calls are routed at this moment, for what needs no statement. */
  readonly router: CallRouter;
  /**
   * Runs a call; while rows move it may be made several times, each time with another router.
   *
   * @throws {TopologyChangedError} when the rows that it needs do not come to rest in time.
   */
  run<T>(call: GuardedCall, work: (router: CallRouter) => Promise<T>): Promise<T>;
}
