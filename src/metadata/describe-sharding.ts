import { DataSource, type DataSourceOptions, type EntityMetadata, EntitySchema, type ObjectLiteral } from 'typeorm';
import { ConnectionMetadataBuilder } from 'typeorm/connection/ConnectionMetadataBuilder';
import { EntityMetadataValidator } from 'typeorm/metadata-builder/EntityMetadataValidator';
import { ConfigurationError } from '../errors';
import type { ScatterOptions } from '../options';
import { hashRing, type Placement } from '../routing';
import type { EntitySharding } from './entity-sharding';
import { buildShardingModel } from './sharding-model';

/** What was understood of one entity's sharding, as plain data. */
export interface ShardingDescription {
  /** Name of the entity. */
  readonly entity: string;
  /** Divided by a key, copied to every shard, or on one shard. */
  readonly kind: 'sharded' | 'reference' | 'unsharded';
  /** Name of the group whose rows are stored together; only of sharded entities. */
  readonly group?: string;
  /** The placement in a few words; only of sharded entities. */
  readonly placement?: string;
  /** The entity beside whose rows these are stored. */
  readonly parent?: string;
  /** The properties of the shard key in order, with the type as which each is hashed or compared; only of sharded entities. */
  readonly key?: readonly { readonly property: string; readonly type: string }[];
  /** The shard that has all rows; only of unsharded entities. */
  readonly shard?: string;
  /** What the entity itself says of calls to several shards. */
  readonly scatter?: ScatterOptions;
}

/** Settings of {@link describeSharding}. */
export interface DescribeOptions {
  /** The kind of database whose column types and collations apply. @defaultValue 'mysql' */
  readonly type?: 'mysql' | 'mariadb' | 'postgres' | 'better-sqlite3' | 'sqljs';
  /** @defaultValue `hashRing()` */
  readonly placement?: Placement;
}

/**
 * Says what the declarations on entities mean, without a database, for tests and for people.
 *
 * @throws {ConfigurationError} with every fault that `initialize()` would find in the entities.
 */
export async function describeSharding(
  entities: NonNullable<DataSourceOptions['entities']>,
  options: DescribeOptions = {},
): Promise<readonly ShardingDescription[]> {
  const source = new MetadataSource({ type: options.type ?? 'mysql', entities, database: 'described', driver: {} } as DataSourceOptions);
  const metadatas = await source.read();
  const model = buildShardingModel(metadatas, { schemas: schemasAmong(entities), placement: options.placement ?? hashRing() });
  if (model.faults.length > 0) throw new ConfigurationError(model.faults);
  return [...model.entities.values()].map(descriptionOf);
}

/** Picks the schemas out of TypeORM's `entities` option. */
export function schemasAmong(entities: DataSourceOptions['entities']): readonly EntitySchema<ObjectLiteral>[] {
  return Object.values(entities ?? []).filter((entity) => entity instanceof EntitySchema);
}

/** What was understood of one entity, as plain data. */
export function descriptionOf(sharding: EntitySharding): ShardingDescription {
  const base = { entity: sharding.metadata.name, kind: sharding.kind };
  if (sharding.kind === 'reference') return base;
  if (sharding.kind === 'unsharded') return { ...base, shard: sharding.shard };
  return {
    ...base,
    group: sharding.group.name,
    placement: sharding.group.placement.describe(),
    ...(sharding.parent !== undefined && { parent: sharding.parent }),
    key: sharding.key.map(({ path, part }) => ({ property: path, type: part.type })),
    ...(sharding.scatter && { scatter: sharding.scatter }),
  };
}

/**
 * Builds metadata as a data source does, without ever connecting. It must leave no trace on the entity classes: they may be in
 * use, and a data source takes active records and the accessors of lazy relations for itself.
 */
class MetadataSource extends DataSource {
  async read(): Promise<readonly EntityMetadata[]> {
    this.relationLoader.enableLazyLoad = () => undefined;
    const entities = Object.values(this.options.entities ?? []);
    const metadatas = await new ConnectionMetadataBuilder(this).buildEntityMetadatas(entities);
    const tables = metadatas.filter(({ tableType }) => tableType !== 'view');
    new EntityMetadataValidator().validateMany(tables, this.driver);
    return metadatas;
  }
}
