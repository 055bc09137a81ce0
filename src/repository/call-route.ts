import type { ShardHandle } from '../cluster';
import type { EntitySharding } from '../metadata';
import type { RouteProof } from '../query';

/** Where a call goes. */
export interface CallRoute {
  readonly sharding: EntitySharding;
  readonly route: RouteProof['route'];
  readonly shards: readonly ShardHandle[];
  readonly reason: string;
  /** Whether the call goes to every shard only because its criteria prove none; not when it says that it means all. */
  readonly isUnproved?: boolean;
  /** Whether the call writes, so that the database itself has to answer and not a replica of it. */
  readonly isWrite?: boolean;
}
