import type { EntityTarget, ObjectLiteral } from 'typeorm';
import {
  type ClusterCore,
  type FreeAccess,
  isLimited,
  mergeScatter,
  runWithinBudget,
  type ScatterBudget,
  type ShardAccess,
  type ShardHandle,
} from '../cluster';
import { ScatterRefusedError, WrongShardError } from '../errors';
import type { EntitySharding, ShardedEntity } from '../metadata';
import type { ScatterCallOptions } from '../options';
import type { RouteProof } from '../query';
import type { CallRoute } from './call-route';
import { scatterRefusal, scatterWarning } from './scatter-check';
import { resolveScope, type Scope, scopeOf } from './scope';

export type { CallRoute };

/** What a call says of the rows it means: conditions, primary keys, or a proof of its own. */
export type Criteria =
  | { readonly kind: 'where'; readonly where: ObjectLiteral | readonly ObjectLiteral[] | undefined }
  | { readonly kind: 'ids'; readonly ids: readonly unknown[] }
  | { readonly kind: 'proof'; readonly prove: (sharding: ShardedEntity) => RouteProof };

/** Decides for one manager which shards a call goes to. */
export class CallRouter {
  /** How the shards are found; a key is on the shard that owns it now. */
  readonly scope: Exclude<Scope, { readonly kind: 'key' }>;

  constructor(
    readonly core: ClusterCore,
    readonly access: ShardAccess,
    scope: Scope,
    /** What `withScatter()` and the context of the calls say of them. */
    readonly limits?: ScatterCallOptions,
  ) {
    this.scope = resolveScope(scope, core);
  }

  /** What a call on the entity to several shards may cost: what the call says, or else the entity, or else the cluster. */
  budgetOf(sharding: EntitySharding): ScatterBudget {
    return mergeScatter(this.core.options.scatter, sharding.kind === 'sharded' ? sharding.scatter : undefined, this.limits);
  }

  /** What runs calls on the route's shards. A reference table can be read before a transaction has its shard, outside of it. */
  accessTo(route: CallRoute): ShardAccess {
    const isAside = route.sharding.kind === 'reference' && route.route === 'one' && !this.access.pinned;
    return isAside ? (freeAccess(this.access) ?? this.core.access) : this.access;
  }

  /** Whether calls belong to no transaction. */
  get isFree(): boolean {
    return freeAccess(this.access) !== undefined;
  }

  /**
   * Runs a call to several shards within its budget: checks that it may go there, and ends what still runs when its time is over.
   *
   * It must be called before anything is awaited, so that a warning can name the caller.
   * @param work - gets what runs the call's statements, all of them, so that one budget holds for the whole call.
   * @throws {ScatterRefusedError} {ScatterBudgetError} before the first statement, when the call may not go to these shards.
   * @throws {ScatterBudgetError} when it gets too many rows or takes too long, or the reason of its signal.
   */
  async scatter<T>(operation: string, route: CallRoute, work: (access: ShardAccess) => Promise<T>): Promise<T> {
    this.admitScatter(operation, route);
    return this.withinBudget(operation, route, work);
  }

  /** Checks that a call may go to the shards of its route, and warns of it where that was asked for; throws as {@link scatter} does. */
  admitScatter(operation: string, route: CallRoute): void {
    // Before anything is asked of a shard, which would pin a transaction to it.
    this.accessTo(route).admit(route.shards);
    if (!this.#isBudgeted(route)) return;
    const budget = this.budgetOf(route.sharding);
    const refusal = scatterRefusal(operation, route, budget);
    if (refusal) throw refusal;
    if (route.isUnproved && budget.mode === 'warn') this.core.dataSource.logger.log('warn', scatterWarning(operation, route));
  }

  /** Runs what was admitted, or a part of it, within the budget. */
  async withinBudget<T>(operation: string, route: CallRoute, work: (access: ShardAccess) => Promise<T>): Promise<T> {
    const access = this.accessTo(route);
    const free = freeAccess(access);
    if (!free || !this.#isBudgeted(route)) return work(access);
    const budget = this.budgetOf(route.sharding);
    const mustEnd = route.isWrite && route.shards.some((shard) => free.mustLock?.(shard));
    if (mustEnd || !isLimited(budget)) return work(free);
    return runWithinBudget(free, { entity: route.sharding.metadata.name, operation, isWrite: route.isWrite === true, budget }, work);
  }

  /** A transaction has one shard, copies of a reference table are one write, and one shard is no scatter. */
  #isBudgeted(route: CallRoute): boolean {
    return freeAccess(this.accessTo(route)) !== undefined && route.sharding.kind !== 'reference' && route.shards.length > 1;
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
    if (route.route === 'all' && this.scope.kind === 'proved' && this.budgetOf(sharding).writes === 'refuse') {
      throw new ScatterRefusedError(sharding.metadata.name, operation);
    }
    return { ...route, isWrite: true };
  }

  /** The route of a call that writes all rows and means so by its name. */
  everywhere(target: EntityTarget<ObjectLiteral>): CallRoute {
    return { ...this.#everywhere(target), isUnproved: false, isWrite: true };
  }

  #everywhere(target: EntityTarget<ObjectLiteral>): CallRoute {
    const sharding = this.core.shardingOf(target);
    if (sharding.kind === 'unsharded') return this.#home(sharding.metadata.name, sharding, this.core.shard(sharding.shard));
    if (sharding.kind === 'sharded') return this.#scoped(sharding) ?? this.#asRoute(sharding, this.core.everyShard(sharding));
    const shards = [...this.core.shards.values()];
    return { sharding, route: 'all', shards, reason: `${sharding.metadata.name} is a reference table; every shard has a copy.` };
  }

  #sharded(sharding: ShardedEntity, criteria: Criteria): CallRoute {
    const scope = scopeOf(this.scope, sharding, this.core);
    const scoped = this.#scoped(sharding, scope);
    if (scoped && !(scope.kind === 'shard' && scope.strict)) return scoped;
    const proof = this.#prove(sharding, criteria);
    if (!scoped) return this.#asRoute(sharding, proof);
    const [shard] = scoped.shards;
    const foreign = proof.route === 'all' ? undefined : proof.shards.find((name) => name !== shard?.name);
    if (foreign !== undefined && shard) throw new WrongShardError(sharding.metadata.name, foreign, shard.name);
    return scoped;
  }

  #prove(sharding: ShardedEntity, criteria: Criteria): RouteProof {
    if (criteria.kind === 'proof') return criteria.prove(sharding);
    return criteria.kind === 'ids' ? this.core.proveIds(sharding, criteria.ids) : this.core.prove(sharding, criteria.where);
  }

  #scoped(sharding: ShardedEntity, scope: Scope = scopeOf(this.scope, sharding, this.core)): CallRoute | undefined {
    if (scope.kind === 'proved') return undefined;
    if (scope.kind === 'shard') return { sharding, route: 'one', shards: [scope.shard], reason: scope.reason };
    return this.#asRoute(sharding, { ...this.core.everyShard(sharding), reason: 'Every shard is named by the caller.' });
  }

  #asRoute(sharding: ShardedEntity, proof: RouteProof): CallRoute {
    const shards = proof.shards.map((name) => this.core.shard(name));
    const isUnproved = proof.route === 'all' && this.scope.kind === 'proved';
    return { sharding, route: proof.route, shards, reason: proof.reason, isUnproved };
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
    return this.core.inTurn(open.length > 0 ? open : shards);
  }
}

function freeAccess(access: ShardAccess): FreeAccess | undefined {
  return 'around' in access ? (access as FreeAccess) : undefined;
}
