import type { ClusterCore } from '../cluster';
import type { LiveTopology } from '../live';
import type { ScatterCallOptions } from '../options';
import type { PinnedTransaction } from '../transaction';
import type { Scope } from './scope';

/** How a manager finds shards and runs calls on them. */
export interface Routing {
  /** What calls are routed by: now, or in a transaction at its begin. */
  readonly core: () => ClusterCore;
  readonly live: () => LiveTopology;
  readonly scope: Scope;
  /** What calls to several shards may cost, as far as `withScatter()` says. */
  readonly limits?: ScatterCallOptions;
  /** The transaction that calls belong to; undefined outside of one. */
  readonly transaction?: PinnedTransaction;
  /** Whether the transaction's shard was named by the caller, so that the key of a context is not for its calls. */
  readonly isPlaced?: boolean;
}
