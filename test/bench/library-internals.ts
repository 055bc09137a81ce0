import { join } from 'node:path';
import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { RoutingTable, Shard, ShardedDataSource } from 'typeorm-sharding';
import { Event } from './event';

/** The parts of the library that are measured alone; they are not exported by the package, so they are taken from its build. */
export interface Internals {
  readonly mergeSorted: <T>(lists: readonly (readonly T[])[], compare: (a: T, b: T) => number, limit?: number) => T[];
  readonly proveRoute: (sharding: unknown, where: ObjectLiteral, table: RoutingTable, invalidValues: object) => { readonly route: string };
  readonly planSort: (call: ScatterCall) => Promise<unknown>;
  readonly pageKeys: (call: ScatterCall, plan: unknown, wanted: object, strategy: PageStrategy) => Promise<readonly unknown[]>;
  readonly loadKeys: (call: ScatterCall, plan: unknown, keys: readonly unknown[]) => Promise<readonly unknown[]>;
  readonly DirectAccess: new (concurrency: number) => unknown;
}

/** Ways in which the library can find the keys of a page. */
export type PageStrategy = 'all' | 'fair share' | 'window';

/** What the library's scatter reads. */
export interface ScatterCall {
  readonly operation: string;
  readonly sharding: unknown;
  readonly shards: readonly Shard[];
  readonly access: unknown;
  readonly recipe: (manager: EntityManager) => SelectQueryBuilder<Event>;
}

const LIBRARY = join(__dirname, '..', '..', '..', 'dist');

/** Loads them. @throws Error when the library was built without one of them. */
export function loadInternals(): Internals {
  const parts = ['query/merge-sorted', 'query/route-proof', 'scatter/order', 'scatter/page', 'cluster/shard-access'];
  return Object.assign({}, ...parts.map((part) => require(join(LIBRARY, part)))) as Internals;
}

/** What the cluster knows of the entity's sharding. */
export function shardingOf(cluster: ShardedDataSource): unknown {
  const [shard] = cluster.shards as readonly { readonly dataSource: unknown }[];
  const { context } = shard!.dataSource as { readonly context: { readonly shardings: ReadonlyMap<unknown, unknown> } };
  return context.shardings.get(cluster.getMetadata(Event));
}
