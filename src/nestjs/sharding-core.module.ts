import { type DynamicModule, Global, Inject, Logger, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken, getEntityManagerToken } from '@nestjs/typeorm';
import type { ShardedDataSource } from 'typeorm-sharding';
import { ClusterLifetime } from './cluster-lifetime.js';
import { ShardingHealthIndicator } from './sharding.health.js';
import type { AsyncShardingOptions } from './sharding-module-options.js';
import { type ClusterIdentity, startCluster } from './start-cluster.js';
import { getShardedDataSourceToken } from './tokens.js';

/** Token of what `forRoot` was told; in each core module its own. */
export const SHARDING_OPTIONS = Symbol.for('typeorm-sharding:options');

/** Holds one cluster of an application: opens it at the start and closes it at the end. */
@Global()
@Module({})
export class ShardingCoreModule implements OnApplicationShutdown {
  readonly #logger = new Logger('ShardingModule');
  readonly #lifetime: ClusterLifetime;

  constructor(@Inject(ClusterLifetime) lifetime: ClusterLifetime) {
    this.#lifetime = lifetime;
  }

  /** A module of its own for a cluster. @param optionsProviders - provide {@link SHARDING_OPTIONS}. */
  static forCluster(
    identity: ClusterIdentity,
    optionsProviders: readonly Provider[],
    imports: DynamicModule['imports'] = [],
  ): DynamicModule {
    const source: Provider = {
      provide: getShardedDataSourceToken(identity.cluster),
      useFactory: (modules: ModulesContainer, options: AsyncShardingOptions, lifetime: ClusterLifetime) =>
        lifetime.start((signal) => startCluster({ modules, identity, signal }, options)),
      inject: [ModulesContainer, SHARDING_OPTIONS, ClusterLifetime],
    };
    // Made by the application, since one dynamic module may be part of several.
    const lifetime: Provider = { provide: ClusterLifetime, useFactory: () => new ClusterLifetime() };
    const ordinary = identity.provideDataSource ? ordinaryProviders(identity.cluster) : [];
    return {
      module: ShardingCoreModule,
      imports,
      providers: [...optionsProviders, lifetime, source, ShardingHealthIndicator, ...ordinary],
      exports: [source, ShardingHealthIndicator, ...ordinary],
    };
  }

  /** Closes every shard. One that cannot be closed is logged, so that the application's other modules close too. */
  async onApplicationShutdown(): Promise<void> {
    try {
      await this.#lifetime.end();
    } catch (error) {
      this.#logger.error('The cluster could not be closed.', (error as Error).stack);
    }
  }
}

/** The tokens of `@nestjs/typeorm`'s `@InjectDataSource()` and `@InjectEntityManager()`. */
function ordinaryProviders(cluster: string): Provider[] {
  const token = getShardedDataSourceToken(cluster);
  return [
    { provide: getDataSourceToken(cluster) as string, useExisting: token },
    { provide: getEntityManagerToken(cluster) as string, useFactory: ({ manager }: ShardedDataSource) => manager, inject: [token] },
  ];
}
