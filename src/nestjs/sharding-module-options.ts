import type { FactoryProvider, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { ShardedDataSourceOptions } from 'typeorm-sharding';

/** How a cluster is started in an application. */
export interface ShardingStartOptions {
  /** How often a start that failed is tried again, 0 or more. @defaultValue 9 */
  readonly retryAttempts?: number;
  /** Time between two tries, in milliseconds. @defaultValue 3000 */
  readonly retryDelayMs?: number;
  /** Whether a start that failed so is tried again. Faults of the configuration never are. @defaultValue all others are */
  readonly toRetry?: (error: unknown) => boolean;
  /** Whether the stack of each failure is logged beside its message. @defaultValue false */
  readonly verboseRetryLog?: boolean;
  /** Adds the entities of every `ShardingModule.forFeature` of this cluster to those of the options. @defaultValue false */
  readonly autoLoadEntities?: boolean;
  /** Leaves it to the application to call `initialize()`. @defaultValue false */
  readonly manualInitialization?: boolean;
}

/** Options of a cluster in a NestJS application. Its `name` is also the name by which it is injected. */
export type ShardingModuleOptions = ShardedDataSourceOptions &
  ShardingStartOptions & {
    /**
     * Answers also to `@InjectDataSource()` and `@InjectEntityManager()` of `@nestjs/typeorm`, for services that ask for these.
     * @defaultValue false
     */
    readonly provideDataSource?: boolean;
  };

/** What a factory of options gives: the name and `provideDataSource` are said to `forRootAsync` itself. */
export type AsyncShardingOptions = ShardedDataSourceOptions & ShardingStartOptions;

/** A provider that makes the options of a cluster. */
export interface ShardingOptionsFactory {
  /** Gives the options of the cluster. @param name - the cluster's name. */
  createShardingOptions(name: string): AsyncShardingOptions | Promise<AsyncShardingOptions>;
}

/** Options of `ShardingModule.forRootAsync`: one of `useFactory`, `useClass` and `useExisting` is needed. */
export interface ShardingModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Name of the cluster. @defaultValue 'default' */
  readonly name?: string;
  /** Makes the options from what `inject` names. */
  readonly useFactory?: (...dependencies: never[]) => AsyncShardingOptions | Promise<AsyncShardingOptions>;
  /** What `useFactory` is called with. */
  readonly inject?: FactoryProvider['inject'];
  /** A class that is made to give the options. */
  readonly useClass?: Type<ShardingOptionsFactory>;
  /** A provider that is there already and gives the options. */
  readonly useExisting?: Type<ShardingOptionsFactory>;
  /** Providers for the factory alone. */
  readonly extraProviders?: Provider[];
  /** As in {@link ShardingModuleOptions}; it must be known before the options are made. @defaultValue false */
  readonly provideDataSource?: boolean;
}
