import type { FactoryProvider, ValueProvider } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { EntitySchema, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { ConfigurationError, type ShardedDataSource } from 'typeorm-sharding';
import { entityOfRepository, isRepositoryClass, nameOf } from './repository-of.decorator.js';
import { type EntityOrRepository, getShardedDataSourceToken, getShardedRepositoryToken } from './tokens.js';

/** What one `ShardingModule.forFeature` asks for. */
export interface Feature {
  readonly cluster: string;
  readonly entities: readonly EntityOrRepository[];
}

/** Each feature is a provider under this token, so that an application's features are found in the application and nowhere else. */
const FEATURE = Symbol.for('typeorm-sharding:feature');

/** Enters a feature in its module. */
export function featureProvider(feature: Feature): ValueProvider<Feature> {
  return { provide: FEATURE, useValue: feature };
}

/** Finds the features of a cluster in all modules of an application. */
export function featuresOf(modules: ModulesContainer, cluster: string): readonly Feature[] {
  return [...modules.values()]
    .flatMap(({ providers }) => (providers.get(FEATURE)?.instance as Feature | undefined) ?? [])
    .filter((feature) => feature.cluster === cluster);
}

/** The entities that features need, those of repository classes among them. */
export function entitiesOf(features: readonly Feature[]): readonly EntityTarget<ObjectLiteral>[] {
  const needed = features.flatMap(({ entities }) => entities.map((each) => (isRepositoryClass(each) ? entityOfRepository(each) : each)));
  return [...new Set(needed.filter((each) => each !== undefined))] as EntityTarget<ObjectLiteral>[];
}

/**
 * Provides a repository.
 *
 * @throws {ConfigurationError} when it is made and no module has a cluster of that name.
 */
export function repositoryProvider(entity: EntityOrRepository, cluster: string): FactoryProvider {
  return {
    provide: getShardedRepositoryToken(entity, cluster),
    inject: [{ token: getShardedDataSourceToken(cluster), optional: true }],
    useFactory: (source: ShardedDataSource | undefined) => {
      if (!source) {
        const name = nameOf(entity);
        throw new ConfigurationError([
          `ShardingModule.forFeature asks for ${name} of the cluster "${cluster}", which no ShardingModule.forRoot names. Import one, or correct the name.`,
        ]);
      }
      return makeRepository(entity, source);
    },
  };
}

/** One sentence for each member of `forFeature` that is neither an entity nor a repository class for one. */
export function featureFaults(entities: readonly unknown[]): readonly string[] {
  return entities.flatMap((each, index) => {
    if (each === undefined || each === null) {
      return [
        `ShardingModule.forFeature: member ${index} is ${each}. Two files that import each other leave one class undefined; break that circle.`,
      ];
    }
    if (!isRepositoryClass(each)) {
      return typeof each === 'function' || each instanceof EntitySchema ? [] : [`ShardingModule.forFeature: member ${index} is no entity.`];
    }
    if (entityOfRepository(each)) return [];
    return [`${nameOf(each)} does not say its entity. Put @RepositoryOf(Entity) on it.`];
  });
}

function makeRepository(entity: EntityOrRepository, source: ShardedDataSource): unknown {
  if (!isRepositoryClass(entity)) return source.getRepository(entity as EntityTarget<ObjectLiteral>);
  return new entity(entityOfRepository(entity), source.manager);
}
