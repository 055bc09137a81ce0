import { type ActiveContext, type ClusterCore, Footprint, mergeScatter, type ShardAccess } from '../cluster';
import { TopologyChangedError } from '../errors';
import { type CallKind, type GuardedCall, guarded } from '../live';
import type { ScatterCallOptions } from '../options';
import type { PinnedTransaction } from '../transaction';
import { CallRouter } from './call-router';
import type { Calls } from './calls';
import type { PageHold } from './iterate';
import type { Routing } from './routing';
import { scopeWithin } from './scope';

const SINCE_ITERATION = 'a move began after the iteration, whose next page could miss rows or repeat them.';

/** The calls of one manager, in a transaction or outside of one. */
export class ManagerCalls implements Calls {
  readonly #routing: Routing;
  #router: CallRouter | undefined;

  constructor(routing: Routing) {
    this.#routing = routing;
  }

  get router(): CallRouter {
    const { core, transaction } = this.#routing;
    const current = core();
    const context = current.contexts.current;
    const access = transaction ?? current.access;
    if (context) return this.#routerOn(current, access, context);
    if (this.#router?.core !== current) this.#router = this.#routerOn(current, access, undefined);
    return this.#router;
  }

  run<T>(call: GuardedCall, work: (router: CallRouter) => Promise<T>): Promise<T> {
    try {
      const live = this.#routing.live();
      const { transaction } = this.#routing;
      if (transaction) return work(live.isGuarded ? this.#secured(transaction, call.kind) : this.router);
      if (!live.isGuarded) return live.held.during(live.core.topology?.version ?? 0, () => work(this.router));
      const context = live.core.contexts.current;
      return guarded(live, call, (core, access) => work(this.#routerOn(core, access, context)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * What the pages of an iteration are read through that begins while nothing moves: each is waited for by a plan that begins, and refused
   * once one has begun. A transaction holds its topology by itself.
   */
  get pages(): PageHold {
    const live = this.#routing.live();
    if (this.#routing.transaction) return (_shard, work) => work();
    const version = live.core.topology?.version ?? 0;
    return async (shard, work) => {
      if (live.isGuarded || (live.core.topology?.version ?? 0) !== version) throw new TopologyChangedError(shard, SINCE_ITERATION);
      return live.held.during(version, work);
    };
  }

  /** The calls of a transaction go by the topology of its begin, and tell it what they are about. */
  #secured(transaction: PinnedTransaction, kind: CallKind): CallRouter {
    const core = this.#routing.core().observed(new Footprint());
    return this.#routerOn(core, transaction.accessFor(core, kind), core.contexts.current);
  }

  #routerOn(core: ClusterCore, access: ShardAccess, context: ActiveContext | undefined): CallRouter {
    const { scope, limits, isPlaced } = this.#routing;
    if (!context) return new CallRouter(core, access, scope, limits);
    const own = isPlaced ? scope : scopeWithin(scope, context);
    return new CallRouter(core, access, own, mergeScatter<ScatterCallOptions>({}, context.limits, limits));
  }
}
