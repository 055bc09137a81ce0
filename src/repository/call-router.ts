import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { ClusterCore, ShardAccess, ShardHandle } from '../cluster';
import { ScatterRefusedError, WrongShardError } from '../errors';
import type { EntitySharding, ShardedEntity } from '../metadata';
import type { RouteProof } from '../query';
import type { Scope } from './scope';

/** Where a call goes. */
export interface CallRoute {
  readonly sharding: EntitySharding;
  readonly route: RouteProof['route'];
  readonly shards: readonly ShardHandle[];
  readonly reason: string;
}

/** What a call says of the rows it means: conditions, or primary keys. */
export type Criteria =
  | { readonly kind: 'where'; readonly where: ObjectLiteral | readonly ObjectLiteral[] | undefined }
  | { readonly kind: 'ids'; readonly ids: readonly unknown[] };

/** Decides for one manager which shards a call goes to. */
export class CallRouter {
  #turn = 0;

  constructor(
    readonly core: ClusterCore,
    readonly access: ShardAccess,
    readonly scope: Scope,
  ) {}

  /** What runs calls on the route's shards. A reference table can be read before a transaction has its shard, outside of it. */
  accessTo(route: CallRoute): ShardAccess {
    return route.sharding.kind === 'reference' && route.route === 'one' && !this.access.pinned ? this.core.access : this.access;
  }

  /** The route of a call that reads what criteria describe. */
  read(target: EntityTarget<ObjectLiteral>, criteria: Criteria): CallRoute {
    const sharding = this.core.shardingOf(target);
    if (sharding.kind === 'sharded') return this.#sharded(sharding, criteria);
    if (sharding.kind === 'unsharded') return this.#home(sharding.metadata.name, sharding, this.core.shard(sharding.shard));
    const shard = this.scope.kind === 'shard' ? this.scope.shard : this.#anyShard();
    return { sharding, route: 'one', shards: [shard], reason: `${sharding.metadata.name} is a reference table; one shard has all of it.` };
  }

  /**
   * The route of a call that writes what criteria describe; reference tables are written everywhere.
   *
   * @throws {ScatterRefusedError} when the criteria prove no shard and the caller did not allow all of them.
   */
  write(operation: string, target: EntityTarget<ObjectLiteral>, criteria: Criteria): CallRoute {
    const sharding = this.core.shardingOf(target);
    if (sharding.kind === 'reference') return this.everywhere(target);
    const route = this.read(target, criteria);
    if (route.route === 'all' && this.scope.kind === 'proved' && this.core.options.scatterWrites === 'refuse') {
      throw new ScatterRefusedError(sharding.metadata.name, operation);
    }
    return route;
  }

  /** The route of a call that means all rows by its name. */
  everywhere(target: EntityTarget<ObjectLiteral>): CallRoute {
    const sharding = this.core.shardingOf(target);
    if (sharding.kind === 'unsharded') return this.#home(sharding.metadata.name, sharding, this.core.shard(sharding.shard));
    if (sharding.kind === 'sharded') return this.#scoped(sharding) ?? this.#asRoute(sharding, this.core.everyShard(sharding));
    const shards = [...this.core.shards.values()];
    return { sharding, route: 'all', shards, reason: `${sharding.metadata.name} is a reference table; every shard has a copy.` };
  }

  #sharded(sharding: ShardedEntity, criteria: Criteria): CallRoute {
    const scoped = this.#scoped(sharding);
    if (scoped && !(this.scope.kind === 'shard' && this.scope.strict)) return scoped;
    const proof = criteria.kind === 'ids' ? this.core.proveIds(sharding, criteria.ids) : this.core.prove(sharding, criteria.where);
    if (!scoped) return this.#asRoute(sharding, proof);
    const [shard] = scoped.shards;
    const foreign = proof.route === 'all' ? undefined : proof.shards.find((name) => name !== shard?.name);
    if (foreign !== undefined && shard) throw new WrongShardError(sharding.metadata.name, foreign, shard.name);
    return scoped;
  }

  #scoped(sharding: ShardedEntity): CallRoute | undefined {
    const { scope } = this;
    if (scope.kind === 'proved') return undefined;
    if (scope.kind === 'shard')
      return { sharding, route: 'one', shards: [scope.shard], reason: `Shard ${scope.shard.name} is named by the caller.` };
    return this.#asRoute(sharding, { ...this.core.everyShard(sharding), reason: 'Every shard is named by the caller.' });
  }

  #asRoute(sharding: ShardedEntity, proof: RouteProof): CallRoute {
    return { sharding, route: proof.route, shards: proof.shards.map((name) => this.core.shard(name)), reason: proof.reason };
  }

  #home(entity: string, sharding: EntitySharding, home: ShardHandle): CallRoute {
    const { scope } = this;
    if (scope.kind === 'shard' && scope.shard !== home) throw new WrongShardError(entity, home.name, scope.shard.name);
    return { sharding, route: 'one', shards: [home], reason: `${entity} is unsharded and lives on ${home.name}.` };
  }

  /** Reads of reference tables take turns among the shards that serve, so that they load none more than others. */
  #anyShard(): ShardHandle {
    const pinned = this.access.pinned;
    if (pinned) return pinned;
    const shards = this.core.owners;
    const open = shards.filter(({ isOpen }) => isOpen);
    const candidates = open.length > 0 ? open : shards;
    this.#turn = (this.#turn + 1) % candidates.length;
    return candidates[this.#turn] as ShardHandle;
  }
}
