import type { InjectionToken } from '@nestjs/common';
import { getRepositoryToken } from '@nestjs/typeorm';
import type { EntitySchema, ObjectLiteral, Repository } from 'typeorm';
import { ShardedDataSource } from 'typeorm-sharding';

/** Name of a cluster that was given none; the same as TypeORM's for its data source. */
export const DEFAULT_CLUSTER = 'default';

// biome-ignore lint/suspicious/noExplicitAny: entity and repository classes may have any constructor
type Class<T> = abstract new (...args: any[]) => T;

/** What a sharded repository is asked for by: an entity, or a repository class made for one. */
export type EntityOrRepository = Class<ObjectLiteral> | Class<Repository<ObjectLiteral>> | EntitySchema;

/**
 * The token under which `ShardingModule.forFeature` provides a repository. It is the one of `@nestjs/typeorm`'s `getRepositoryToken`, so
 * that `@InjectRepository(User)` and mocks in unit tests stay as they are; for a repository class of the default cluster it is the class.
 *
 * @param cluster - name of the cluster; defaults to `'default'`.
 */
export function getShardedRepositoryToken(entity: EntityOrRepository, cluster: string = DEFAULT_CLUSTER): InjectionToken {
  return getRepositoryToken(entity as Parameters<typeof getRepositoryToken>[0], cluster) as InjectionToken;
}

/** The token of a cluster's {@link ShardedDataSource}: the class itself for the default cluster. */
export function getShardedDataSourceToken(cluster: string = DEFAULT_CLUSTER): InjectionToken {
  return cluster === DEFAULT_CLUSTER ? ShardedDataSource : `${cluster}ShardedDataSource`;
}
