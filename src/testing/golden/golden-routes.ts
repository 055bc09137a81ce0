import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { ShardedDataSource } from '../../data-source';
import type { ShardKeyValue } from '../../routing';

/** Keys by entity: `{ User: ['ada', 'bob'] }`, or pairs of an entity class and its keys. */
export type KeysByEntity =
  | Readonly<Record<string, readonly ShardKeyValue[]>>
  | readonly (readonly [EntityTarget<ObjectLiteral>, readonly ShardKeyValue[]])[];

/** A key as JSON has it: dates and bigints as text. */
export type GoldenKey = string | number | readonly GoldenKey[] | { readonly [property: string]: GoldenKey };

/** Where one key leads. */
export interface GoldenRoute {
  /** Name of the entity. */
  readonly entity: string;
  /** The shard key. */
  readonly key: GoldenKey;
  /** Point on the line of the entity's group; a text where a number would not be exact. */
  readonly position: number | string;
  /** Name of the shard that owns it. */
  readonly shard: string;
}

/** Where keys lead, as plain JSON for a snapshot. */
export interface GoldenRoutes {
  /** Of each group of entities that a key is of: how it is placed, and the checksum of its whole table. */
  readonly groups: Readonly<Record<string, { readonly placement: string; readonly checksum: string }>>;
  /** The routes of the keys given. */
  readonly routes: readonly GoldenRoute[];
}

/**
 * Tells where keys lead, without asking a database. Shards with the names and weights of production give the routes of production.
 *
 * @param cluster - any initialized cluster, on whatever databases.
 * @throws {ShardKeyInvalidError} for a key that cannot route, {NotShardedError} for an entity without one.
 */
export function goldenRoutes(cluster: ShardedDataSource, keys: KeysByEntity): GoldenRoutes {
  const entries = pairsOf(keys).flatMap(([entity, values]) =>
    values.map((key) => ({ entity, key, ...cluster.core.placeOfKey(entity, key) })),
  );
  const routes = entries.map(({ entity, key, position }) => ({
    entity: cluster.getMetadata(entity).name,
    key: plainKey(key),
    position: typeof position === 'bigint' ? String(position) : position,
    shard: cluster.shardFor(entity, key).name,
  }));
  const groups = [...new Set(entries.map(({ group }) => group))].sort().flatMap((name) => {
    const table = cluster.routingTables.get(name);
    return table ? [[name, { placement: table.placement, checksum: table.checksum }] as const] : [];
  });
  return { groups: Object.fromEntries(groups), routes };
}

function pairsOf(keys: KeysByEntity): readonly (readonly [EntityTarget<ObjectLiteral>, readonly ShardKeyValue[]])[] {
  return Array.isArray(keys) ? keys : Object.entries(keys);
}

function plainKey(key: unknown): GoldenKey {
  return JSON.parse(JSON.stringify(key, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
}
