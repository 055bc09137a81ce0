import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { ConfigurationError, NotInitializedError, NotShardedError, UnknownShardError } from '../errors';
import {
  buildShardingModel,
  type EntitySharding,
  hasPositionColumn,
  type ShardedEntity,
  type ShardingModel,
  schemasAmong,
  spreadKey,
} from '../metadata';
import { everyShard, positionOf, proveIds, proveRoute, type Related, type RouteProof, splitIds, splitWhere, type Where } from '../query';
import type { Position, RoutingTable, ShardKeyValue } from '../routing';
import type { Topology } from '../topology';
import { CallContexts } from './call-contexts';
import type { Footprint } from './footprint';
import { KeyMemory } from './key-memory';
import { RelatedMemory } from './related-memory';
import type { ResolvedClusterOptions } from './resolved-options';
import { type ShardHandle } from './shard';
import { DirectAccess } from './shard-access';

/**
 * What a cluster knows while it runs: the entities' sharding, a routing table for each group, and the shards.
 *
 * Going from a key to its shard reads only what is here; it needs no promise.
 */
export class ClusterCore {
  readonly memory: KeyMemory;
  readonly related: RelatedMemory;
  readonly contexts: CallContexts;
  readonly access: DirectAccess;
  #topology: Topology | undefined;
  #footprint: Footprint | undefined;
  #model: ShardingModel | undefined;
  #tables: ReadonlyMap<string, RoutingTable> = new Map();
  #owners: readonly ShardHandle[] = [];
  #turn = 0;
  readonly #shardings: Map<EntityTarget<ObjectLiteral>, EntitySharding>;

  constructor(
    readonly options: ResolvedClusterOptions,
    readonly dataSource: DataSource,
    readonly shards: ReadonlyMap<string, ShardHandle>,
    /** Whose memory and accesses it shares. */
    base?: ClusterCore,
  ) {
    this.memory = base?.memory ?? new KeyMemory();
    this.related = base?.related ?? new RelatedMemory();
    this.contexts = base?.contexts ?? new CallContexts();
    this.access = base?.access ?? new DirectAccess(options.concurrency);
    this.#shardings = base ? base.#shardings : new Map();
  }

  /** The topology that it routes by; undefined while it routes by the configuration alone. */
  get topology(): Topology | undefined {
    return this.#topology;
  }

  /** The placement in force of each group, by its name; while rows move that is not all of what {@link tables} routes by. */
  get placements(): ReadonlyMap<string, RoutingTable> {
    return this.#topology?.tables ?? this.#tables;
  }

  /** The same cluster under another topology. Calls that have begun go on with the core that they began with. */
  at(topology: Topology): ClusterCore {
    const core = new ClusterCore(this.options, this.dataSource, this.shards, this);
    const { model } = this;
    core.#model = model;
    core.#topology = topology;
    core.#tables = topology.routes;
    core.#owners = ownersOf(model, topology.routes, [...this.shards.values()]);
    return core;
  }

  /** The same, noting in a footprint what is asked of its routing tables. */
  observed(footprint: Footprint): ClusterCore {
    const core = new ClusterCore(this.options, this.dataSource, this.shards, this);
    core.#model = this.#model;
    core.#topology = this.#topology;
    core.#tables = this.#tables;
    core.#owners = this.#owners;
    core.#footprint = footprint;
    return core;
  }

  /** What calls of this core have asked for; undefined when nobody notes it. */
  get footprint(): Footprint | undefined {
    return this.#footprint;
  }

  /** The share of a shard in the cluster's keys, as the topology has it. */
  weightOf(name: string): number {
    return this.#topology?.weights[name] ?? this.shard(name).weight;
  }

  /** The sharding of every entity. @throws {NotInitializedError} before `understand()`. */
  get model(): ShardingModel {
    if (!this.#model) throw new NotInitializedError();
    return this.#model;
  }

  /** This, once the entities are understood. @throws {NotInitializedError} before. */
  get understood(): this {
    if (!this.#model) throw new NotInitializedError();
    return this;
  }

  /** The routing table of each group, by its name. */
  get tables(): ReadonlyMap<string, RoutingTable> {
    return this.#tables;
  }

  /** The shards that own rows: by a routing table, or because an unsharded entity lives there. */
  get owners(): readonly ShardHandle[] {
    return this.#owners;
  }

  /** One of several shards that can all answer alike; they take turns, so that none is asked more than others. */
  inTurn(shards: readonly ShardHandle[]): ShardHandle {
    this.#turn = (this.#turn + 1) % shards.length;
    return shards[this.#turn] as ShardHandle;
  }

  /**
   * Builds the model and the routing tables from the cluster's entity metadata.
   *
   * @throws {ConfigurationError} with all faults of all entities and placements.
   */
  understand(): void {
    const shardNames = [...this.shards.keys()];
    const { placement } = this.options;
    const schemas = schemasAmong(this.dataSource.options.entities);
    const model = buildShardingModel(this.dataSource.entityMetadatas, { schemas, placement, shardNames });
    const faults = [...model.faults, ...this.#positionColumnFaults(model)];
    const tables = new Map<string, RoutingTable>();
    for (const group of model.groups) {
      try {
        tables.set(group.name, group.placement.compile([...this.shards.values()]));
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        faults.push(...error.faults.map((fault) => `Group ${group.name}: ${fault}`));
      }
    }
    if (faults.length > 0) throw new ConfigurationError(faults);
    this.#shardings.clear();
    this.#topology = undefined;
    this.#model = model;
    this.#tables = tables;
    this.#owners = ownersOf(model, tables, [...this.shards.values()]);
  }

  #positionColumnFaults(model: ShardingModel): readonly string[] {
    const wanted = this.options.positionColumn.toLowerCase();
    const clashing = [...model.entities.values()].filter(
      (sharding) =>
        hasPositionColumn(sharding) && sharding.metadata.columns.some(({ databaseName }) => databaseName.toLowerCase() === wanted),
    );
    return clashing.map(
      ({ metadata }) =>
        `${metadata.name} has a column ${this.options.positionColumn} of its own. Choose another name with the option positionColumn.`,
    );
  }

  /** Forgets what was understood, when the cluster is closed. */
  forget(): void {
    this.#model = undefined;
    this.#shardings.clear();
  }

  /** How an entity is sharded. @throws {EntityMetadataNotFoundError} (TypeORM's) for a class that is not an entity of the cluster. */
  shardingOf(target: EntityTarget<ObjectLiteral>): EntitySharding {
    const known = this.#shardings.get(target);
    if (known) return known;
    const { entities } = this.model;
    const sharding = entities.get(this.dataSource.getMetadata(target));
    if (!sharding) throw new NotShardedError(this.dataSource.getMetadata(target).name);
    this.#shardings.set(target, sharding);
    return sharding;
  }

  /** How an entity with a shard key is sharded. @throws {NotShardedError} for every other one. */
  shardedOf(target: EntityTarget<ObjectLiteral>): ShardedEntity {
    const sharding = this.shardingOf(target);
    if (sharding.kind !== 'sharded') throw new NotShardedError(sharding.metadata.name);
    return sharding;
  }

  tableOf(sharding: ShardedEntity): RoutingTable {
    const table = this.#tables.get(sharding.group.name);
    if (!table) throw new NotInitializedError();
    return this.#footprint ? this.#footprint.observe(sharding.group.name, table) : table;
  }

  /** @throws {UnknownShardError} when no shard has the name. */
  shard(name: string): ShardHandle {
    const shard = this.shards.get(name);
    if (!shard) throw new UnknownShardError(name, [...this.shards.keys()]);
    return shard;
  }

  /** The shard that owns a key given as stored values in the order of the key. */
  ownerOf(sharding: ShardedEntity, values: readonly unknown[]): ShardHandle {
    return this.shard(this.tableOf(sharding).ownerOf(positionOf(sharding, values)));
  }

  /** The shard that owns a key as callers give it. */
  ownerOfKey(target: EntityTarget<ObjectLiteral>, key: ShardKeyValue): ShardHandle {
    const sharding = this.shardedOf(target);
    return this.ownerOf(sharding, spreadKey(sharding, key));
  }

  /** Where a key as callers give it stands on the line of its entity's group. */
  placeOfKey(target: EntityTarget<ObjectLiteral>, key: ShardKeyValue): { readonly group: string; readonly position: Position } {
    const sharding = this.shardedOf(target);
    return { group: sharding.group.name, position: positionOf(sharding, spreadKey(sharding, key)) };
  }

  /** Proves which shards conditions on a sharded entity need. */
  prove(sharding: ShardedEntity, where: ObjectLiteral | readonly ObjectLiteral[] | undefined): RouteProof {
    return proveRoute(sharding, where, this.tableOf(sharding), this.dataSource.options.invalidWhereValuesBehavior ?? {}, this.#related);
  }

  /** Splits conditions that {@link prove} several shards into what concerns each. */
  split(sharding: ShardedEntity, where: Where): (shard: string) => Where {
    return splitWhere(sharding, where, this.tableOf(sharding), (branch) => this.prove(sharding, branch));
  }

  /** Splits primary keys for which {@link proveIds} proves several shards. */
  splitIds(sharding: ShardedEntity, ids: readonly unknown[]): ReadonlyMap<string, readonly unknown[]> {
    return splitIds(sharding, ids, this.tableOf(sharding));
  }

  readonly #related: Related = (relation) =>
    this.model.leaving.has(relation) ? undefined : this.model.entities.get(relation.inverseEntityMetadata);

  /** Proves which shards rows named by primary key are on. */
  proveIds(sharding: ShardedEntity, ids: readonly unknown[]): RouteProof {
    return proveIds(sharding, ids, this.tableOf(sharding));
  }

  /** Every shard that owns rows of the entity. */
  everyShard(sharding: ShardedEntity): RouteProof {
    return everyShard(sharding, this.tableOf(sharding));
  }
}

/** Where nothing is sharded, every shard with a weight counts as an owner: it serves reference tables. */
function ownersOf(model: ShardingModel, tables: ReadonlyMap<string, RoutingTable>, shards: readonly ShardHandle[]): readonly ShardHandle[] {
  const names = new Set([...tables.values()].flatMap(({ shards: owners }) => owners));
  if (tables.size === 0) for (const { name, weight } of shards) if (weight > 0) names.add(name);
  for (const sharding of model.entities.values()) if (sharding.kind === 'unsharded') names.add(sharding.shard);
  return shards.filter(({ name }) => names.has(name));
}
