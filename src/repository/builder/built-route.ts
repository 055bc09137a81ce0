import type { QueryRunner } from 'typeorm';
import { type ShardAccess, ShardDataSource, type ShardHandle } from '../../cluster';
import { ShardRequiredError } from '../../errors';
import type { EntitySharding, ShardedEntity } from '../../metadata';
import { proveSql } from '../../query';
import type { CallRoute, CallRouter, Criteria } from '../call-router';
import { type Built, conditionOf, mainSharding, targetOf } from './built';

/** Where a builder is run. */
export interface BuiltRoute {
  readonly shards: readonly ShardHandle[];
  readonly access: ShardAccess;
  /** The route by the builder's entity; undefined when the shard was named in another way. */
  readonly byEntity?: CallRoute;
  /** Whether the caller named the shard and so answers for what is on it. */
  readonly isNamed: boolean;
}

/** Finds the shards of a builder that reads. @throws {ShardRequiredError} for one without an entity and without a shard. */
export function readRoute(built: Built): BuiltRoute {
  return namedByRunner(built) ?? byEntity(built, (sharding) => built.router.read(targetOf(sharding.metadata), criteriaOf(built)));
}

/** Finds the shards of a builder that writes. @throws {ScatterRefusedError} when it proves none and may not write on all. */
export function writeRoute(built: Built, operation: string): BuiltRoute {
  const write = (sharding: EntitySharding) => built.router.write(operation, targetOf(sharding.metadata), criteriaOf(built));
  return namedByRunner(built) ?? byEntity(built, write);
}

/** The shard that the caller named: by a query runner, a scope or a transaction. */
export function namedRoute(built: Built, what: string): BuiltRoute {
  const { scope, access } = built.router;
  const byRunner = namedByRunner(built);
  const shard = scope.kind === 'shard' ? scope.shard : access.pinned;
  if (byRunner) return byRunner;
  if (shard) return { shards: [shard], access, isNamed: true };
  throw new ShardRequiredError(what, 'forKey(…) or onShard(name) first');
}

/** The route that a query runner names, which belongs to one shard; undefined when the builder has none. */
export function namedByRunner({ mirror, router }: Built): BuiltRoute | undefined {
  const { queryRunner } = mirror as unknown as { readonly queryRunner?: QueryRunner };
  if (!queryRunner) return undefined;
  const source = queryRunner.manager.dataSource;
  if (!(source instanceof ShardDataSource) || source.context.cluster !== router.core.dataSource) {
    throw new ShardRequiredError('A query builder with a query runner', 'a query runner of shard(name).dataSource of the same cluster');
  }
  return { shards: [router.core.shard(source.context.shard)], access: router.core.access, isNamed: true };
}

function byEntity(built: Built, routeOf: (sharding: EntitySharding) => CallRoute): BuiltRoute {
  const sharding = mainSharding(built);
  if (!sharding) return namedRoute(built, 'A query builder without an entity');
  const route = routeOf(sharding);
  return { shards: route.shards, access: built.router.accessTo(route), byEntity: route, isNamed: isNamed(built.router) };
}

function criteriaOf({ mirror, router }: Built): Criteria {
  return { kind: 'proof', prove: (sharding: ShardedEntity) => proveSql(sharding, conditionOf(mirror), router.core.tableOf(sharding)) };
}

function isNamed({ scope }: CallRouter): boolean {
  return scope.kind === 'shard';
}
