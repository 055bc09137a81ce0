import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ConfigurationError } from 'typeorm-sharding';
import { featureFaults, featureProvider, repositoryProvider } from './feature.js';
import { SHARDING_OPTIONS, ShardingCoreModule } from './sharding-core.module.js';
import type { ShardingModuleAsyncOptions, ShardingModuleOptions, ShardingOptionsFactory } from './sharding-module-options.js';
import { DEFAULT_CLUSTER, type EntityOrRepository } from './tokens.js';

/** A cluster in a NestJS application, in the place of `TypeOrmModule` for entities that are sharded. */
@Module({})
export class ShardingModule {
  /**
   * Makes the cluster, opens it when the application starts, and closes it when it ends.
   *
   * @throws {ConfigurationError} at the start of the application, for options that cannot be and modules that contradict each other.
   */
  static forRoot(options: ShardingModuleOptions): DynamicModule {
    const identity = { cluster: options.name ?? DEFAULT_CLUSTER, provideDataSource: options.provideDataSource ?? false };
    const core = ShardingCoreModule.forCluster(identity, [{ provide: SHARDING_OPTIONS, useValue: options }]);
    return { module: ShardingModule, imports: [core] };
  }

  /**
   * As {@link forRoot}, with options that are made by a factory when the application starts.
   *
   * @throws {ConfigurationError} when none of `useFactory`, `useClass` and `useExisting` is given.
   */
  static forRootAsync(options: ShardingModuleAsyncOptions): DynamicModule {
    const identity = { cluster: options.name ?? DEFAULT_CLUSTER, provideDataSource: options.provideDataSource ?? false };
    const providers = [...optionsProviders(options, identity.cluster), ...(options.extraProviders ?? [])];
    const core = ShardingCoreModule.forCluster(identity, providers, options.imports);
    return { module: ShardingModule, imports: [core] };
  }

  /**
   * Provides the repositories of entities, and repository classes made with `@RepositoryOf`, to the module that imports this.
   *
   * @param cluster - name of the cluster; defaults to `'default'`.
   * @throws {ConfigurationError} for what is neither an entity nor a repository class of one.
   */
  static forFeature(entities: readonly EntityOrRepository[], cluster: string = DEFAULT_CLUSTER): DynamicModule {
    const faults = featureFaults(entities);
    if (faults.length > 0) throw new ConfigurationError(faults);
    const repositories = entities.map((entity) => repositoryProvider(entity, cluster));
    return { module: ShardingModule, providers: [featureProvider({ cluster, entities }), ...repositories], exports: repositories };
  }
}

function optionsProviders(
  { useFactory, inject = [], useClass, useExisting }: ShardingModuleAsyncOptions,
  cluster: string,
): readonly Provider[] {
  if (useFactory) return [{ provide: SHARDING_OPTIONS, useFactory: useFactory as (...dependencies: unknown[]) => unknown, inject }];
  const factory = useClass ?? useExisting;
  if (!factory) throw new ConfigurationError(['ShardingModule.forRootAsync needs useFactory, useClass or useExisting.']);
  const made: Provider = {
    provide: SHARDING_OPTIONS,
    useFactory: (maker: ShardingOptionsFactory) => maker.createShardingOptions(cluster),
    inject: [factory],
  };
  return useClass ? [made, useClass] : [made];
}
