import {
  DataSource,
  type DataSourceOptions,
  DefaultNamingStrategy,
  type EntityMetadata,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
  type ReplicationMode,
  type SelectQueryBuilder,
} from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import { type EntitySharding, hasPositionColumn, isMysql, isSqlite, type LeavingRelations, type ShardedEntity } from '../metadata';
import { type DetachedRelations, detachRelations } from './detach-relations';
import type { EmbeddedLock } from './embedded-lock';
import { lockRunner } from './embedded-lock';
import { binaryCollation, collateKeys } from './key-collation';
import type { KeyMemory } from './key-memory';
import { orderStatements } from './ordered-runner';
import { addPositionColumn } from './position-column';
import { keepReselectOrder } from './reselect-order';
import { ShardSubscriber } from './shard-subscriber';
import { suffixGivenNames, suffixNaming } from './suffix-naming';

/** What a shard's data source knows of the cluster it belongs to. */
export interface ShardContext {
  readonly shard: string;
  readonly suffix: string;
  readonly positionColumn: string;
  /** The cluster's own data source, with the metadata that the model was built from. */
  readonly cluster: DataSource;
  readonly shardings: ReadonlyMap<EntityMetadata, EntitySharding>;
  readonly leaving: LeavingRelations;
  readonly memory: KeyMemory;
  /** Name of the shard that owns a key, given as stored values in its order. */
  readonly ownerOf: (sharding: ShardedEntity, values: readonly unknown[]) => string;
  /** The lock of the database handle; only for embedded databases. */
  readonly lock: EmbeddedLock;
}

/**
 * An ordinary TypeORM data source for one shard: tables end with the partition's suffix, rows of hashed entities carry their
 * position, keys are collated as they are hashed, and entities of other shards are absent.
 */
export class ShardDataSource extends DataSource {
  readonly context: ShardContext;
  #sharded: ReadonlyMap<EntityMetadata, EntitySharding> = new Map();
  #statements: unknown;
  #detached: DetachedRelations = new Map();
  readonly #origin: ShardDataSource | undefined;

  /** @param origin - the data source of the same member whose metadata this one uses too, instead of building its own. */
  constructor(options: DataSourceOptions, context: ShardContext, origin?: ShardDataSource) {
    super({ ...options, ...(!origin && context.suffix && partitionOptions(options, context.suffix)) } as DataSourceOptions);
    this.context = context;
    this.#origin = origin;
  }

  /** How each entity of this data source's own metadata is sharded; empty before it is initialized. */
  get shardings(): ReadonlyMap<EntityMetadata, EntitySharding> {
    return this.#sharded;
  }

  /** Gives embedded databases a query runner of its own for each caller, under the handle's lock. */
  override createQueryRunner(mode?: ReplicationMode): QueryRunner {
    if (isMysql(this)) return orderStatements(super.createQueryRunner(mode));
    if (!isSqlite(this)) return super.createQueryRunner(mode);
    const driver = this.driver as { queryRunner?: QueryRunner };
    driver.queryRunner = undefined;
    const runner = super.createQueryRunner(mode) as QueryRunner & { stmtCache?: unknown };
    driver.queryRunner = undefined;
    this.#statements ??= runner.stmtCache;
    if (runner.stmtCache) runner.stmtCache = this.#statements;
    return lockRunner(runner, this.context.lock);
  }

  /** As TypeORM's own, but rows that are read back after an insert come in the order of the insert. */
  override createQueryBuilder<Entity extends ObjectLiteral>(
    entityOrRunner?: EntityTarget<Entity> | QueryRunner,
    alias?: string,
    queryRunner?: QueryRunner,
  ): SelectQueryBuilder<Entity> {
    if (alias !== undefined) return super.createQueryBuilder(entityOrRunner as EntityTarget<Entity>, alias, queryRunner);
    const builder: SelectQueryBuilder<Entity> = super.createQueryBuilder(entityOrRunner as QueryRunner);
    return this.driver.isReturningSqlSupported('insert') ? builder : keepReselectOrder(builder);
  }

  /** The junction table of a leaving many-to-many relation of the cluster's metadata, as it stands on this shard. */
  junctionOf(relation: RelationMetadata): EntityMetadata {
    const owner = relation.isOwning ? relation : (relation.inverseRelation ?? relation);
    for (const [own, origin] of this.#detached) {
      if ((origin === relation || origin === owner) && own.junctionEntityMetadata) return own.junctionEntityMetadata;
    }
    throw new TypeError(`${relation.entityMetadata.name}.${relation.propertyPath} has no joining table.`);
  }

  protected override async buildMetadatas(): Promise<void> {
    // Building them again would take the accessors of lazy relations away from the cluster.
    if (this.#origin) return this.#share(this.#origin);
    const collation = await binaryCollation(this);
    await super.buildMetadatas();
    const shardings = this.#pairs();
    this.#sharded = shardings;
    if (collation) collateKeys(shardings, collation);
    for (const [metadata, sharding] of shardings) {
      if (hasPositionColumn(sharding)) addPositionColumn(this, metadata, sharding, this.context.positionColumn);
      if (this.context.suffix) suffixGivenNames(metadata, this.context.suffix);
    }
    this.#detach();
    this.#dropForeign(shardings);
    this.subscribers.push(new ShardSubscriber(shardings, this.context));
  }

  #share(origin: ShardDataSource): void {
    this.#sharded = origin.#sharded;
    Object.assign(this, { entityMetadatas: origin.entityMetadatas, entityMetadatasMap: origin.entityMetadatasMap });
  }

  /** Lazy relations that leave the group are loaded by the cluster; TypeORM gives loaded entities accessors of their shard. */
  #detach(): void {
    const { cluster, leaving } = this.context;
    const pairs = this.entityMetadatas.map((own, index) => [own, cluster.entityMetadatas[index] as EntityMetadata] as const);
    this.#detached = detachRelations(pairs, leaving);
    const { relationLoader } = this;
    const { load } = relationLoader;
    relationLoader.load = (relation, ...rest) => {
      const origin = this.#detached.get(relation);
      return origin ? cluster.relationLoader.load(origin, ...rest) : load.call(relationLoader, relation, ...rest);
    };
  }

  /** TypeORM builds the same entities in the same order, so the cluster's and the shard's metadata correspond by place. */
  #pairs(): ReadonlyMap<EntityMetadata, EntitySharding> {
    const { cluster, shardings } = this.context;
    const pairs = this.entityMetadatas.flatMap((metadata, index) => {
      const sharding = shardings.get(cluster.entityMetadatas[index] as EntityMetadata);
      return sharding ? [[metadata, sharding] as const] : [];
    });
    return new Map(pairs);
  }

  #dropForeign(shardings: ReadonlyMap<EntityMetadata, EntitySharding>): void {
    const kept = this.entityMetadatas.filter((metadata) => {
      const sharding = shardings.get(metadata);
      return sharding?.kind !== 'unsharded' || sharding.shard === this.context.shard;
    });
    Object.assign(this, { entityMetadatas: kept, entityMetadatasMap: new Map(kept.map((metadata) => [metadata.target, metadata])) });
  }
}

function partitionOptions(options: DataSourceOptions, suffix: string) {
  return {
    namingStrategy: suffixNaming(options.namingStrategy ?? new DefaultNamingStrategy(), suffix),
    migrationsTableName: `${options.migrationsTableName ?? 'migrations'}${suffix}`,
  };
}
