import { Inject } from '@nestjs/common';
import { type EntityOrRepository, getShardedDataSourceToken, getShardedRepositoryToken } from './tokens.js';

/** Injects the repository of an entity; the same as `@InjectRepository` of `@nestjs/typeorm`. */
export function InjectShardedRepository(entity: EntityOrRepository, cluster?: string): ReturnType<typeof Inject> {
  return Inject(getShardedRepositoryToken(entity, cluster));
}

/** Injects the `ShardedDataSource` of a cluster. */
export function InjectShardedDataSource(cluster?: string): ReturnType<typeof Inject> {
  return Inject(getShardedDataSourceToken(cluster));
}
