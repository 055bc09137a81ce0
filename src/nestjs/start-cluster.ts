import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { EntitySchema, type EntityTarget, type ObjectLiteral, QueryFailedError, TypeORMError } from 'typeorm';
import {
  ConfigurationError,
  IdentityError,
  ShardError,
  ShardedDataSource,
  type ShardedDataSourceOptions,
  ShardsFailedError,
} from 'typeorm-sharding';
import { entitiesOf, featuresOf } from './feature.js';
import { moduleFaults } from './module-faults.js';
import { NestTypeOrmLogger } from './nest-typeorm-logger.js';
import { nameOf } from './repository-of.decorator.js';
import type { AsyncShardingOptions, ShardingStartOptions } from './sharding-module-options.js';

type Entities = ShardedDataSourceOptions['entities'];

/** What `forRoot` or `forRootAsync` says beside the options. */
export interface ClusterIdentity {
  readonly cluster: string;
  readonly provideDataSource: boolean;
}

/** The application that a cluster is started in. */
export interface Surroundings {
  readonly modules: ModulesContainer;
  readonly identity: ClusterIdentity;
  /** Aborted when the application ends. */
  readonly signal: AbortSignal;
}

/**
 * Makes the cluster of an application and initializes it, trying again when that fails.
 *
 * @throws {ConfigurationError} before anything is opened, when modules contradict each other or the options cannot be.
 */
export async function startCluster(surroundings: Surroundings, options: AsyncShardingOptions): Promise<ShardedDataSource> {
  const { modules, identity } = surroundings;
  const { rest, start } = separate(options);
  const needed = entitiesOf(featuresOf(modules, identity.cluster));
  const entities = start.autoLoadEntities ? withEntities(rest.entities, needed) : rest.entities;
  const faults = [
    ...nameFaults(options, identity.cluster),
    ...moduleFaults(modules, { ...identity, entities: needed }),
    ...entityFaults(entities, needed),
  ];
  if (faults.length > 0) throw new ConfigurationError(faults);
  const logger = rest.logger ?? new NestTypeOrmLogger(rest.logging);
  const source = new ShardedDataSource({ ...rest, name: identity.cluster, entities, logger } as ShardedDataSourceOptions);
  if (start.manualInitialization) return source;
  await initialize(source, start, surroundings);
  return admitEntities(source, needed);
}

/** What is missing is known before anything is opened, unless entities are found by their files. */
function entityFaults(given: Entities, needed: readonly EntityTarget<ObjectLiteral>[]): readonly string[] {
  const listed: unknown[] = Object.values(given ?? []);
  if (listed.some((each) => typeof each === 'string')) return [];
  const known = new Set(listed.flatMap((each) => (each instanceof EntitySchema ? [each, each.options.target] : [each])));
  return missingEntities(needed.filter((entity) => !known.has(entity)));
}

/** Closes a cluster that lacks an entity which a module asks for. */
async function admitEntities(source: ShardedDataSource, needed: readonly EntityTarget<ObjectLiteral>[]): Promise<ShardedDataSource> {
  const missing = missingEntities(needed.filter((entity) => !source.hasMetadata(entity)));
  if (missing.length === 0) return source;
  await source.destroy();
  throw new ConfigurationError(missing);
}

function missingEntities(missing: readonly EntityTarget<ObjectLiteral>[]): readonly string[] {
  return missing.map(
    (entity) =>
      `ShardingModule.forFeature asks for ${nameOf(entity)}, which is not among the entities of the cluster. Add it, or set autoLoadEntities.`,
  );
}

async function initialize(source: ShardedDataSource, start: ShardingStartOptions, { identity, signal }: Surroundings): Promise<void> {
  const { retryAttempts = 9, retryDelayMs = 3_000 } = start;
  const logger = new Logger('ShardingModule');
  for (let tried = 1; ; tried += 1) {
    try {
      await source.initialize();
      return;
    } catch (error) {
      if (signal.aborted || tried > retryAttempts || !mayRetry(error, start)) throw error;
      const { message, stack } = error as Error;
      const sentence = `The cluster "${identity.cluster}" could not be opened. ${message} Trying again (${tried} of ${retryAttempts}) …`;
      logger.error(sentence, ...(start.verboseRetryLog ? [stack] : []));
      await delay(retryDelayMs, undefined, { signal });
    }
  }
}

function mayRetry(error: unknown, { toRetry }: ShardingStartOptions): boolean {
  return !staysWrong(error) && (toRetry?.(error) ?? true);
}

/** What is wrong with the configuration or the entities is wrong the next time; a server that refuses a connection may be starting. */
function staysWrong(error: unknown): boolean {
  if (error instanceof ShardsFailedError) return error.failed.some((each) => staysWrong(each.error));
  if (error instanceof ShardError) return staysWrong(error.cause);
  const isTypeOrms = error instanceof TypeORMError && !(error instanceof QueryFailedError);
  return isTypeOrms || error instanceof ConfigurationError || error instanceof IdentityError;
}

function separate(options: AsyncShardingOptions) {
  const { retryAttempts, retryDelayMs, toRetry, verboseRetryLog, autoLoadEntities, manualInitialization, ...others } = options;
  const { provideDataSource: _, ...rest } = others as ShardedDataSourceOptions & { readonly provideDataSource?: boolean };
  return {
    rest,
    start: { retryAttempts, retryDelayMs, toRetry, verboseRetryLog, autoLoadEntities, manualInitialization } as ShardingStartOptions,
  };
}

function nameFaults({ name }: AsyncShardingOptions, cluster: string): readonly string[] {
  if (name === undefined || name === cluster) return [];
  return [`The options name the cluster "${name}", forRootAsync "${cluster}". Say the name to forRootAsync.`];
}

function withEntities(given: Entities, needed: readonly EntityTarget<ObjectLiteral>[]): Entities {
  const listed: readonly unknown[] = Array.isArray(given) ? given : Object.values(given ?? {});
  return [...new Set([...listed, ...needed])] as Entities;
}
