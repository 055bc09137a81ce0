import { EntityMetadataNotFoundError } from 'typeorm';
import type { ShardedDataSource } from '../../data-source';
import { NotShardedError, PositionUnownedError, ShardKeyInvalidError } from '../../errors';
import { type ShardedEntity, spreadKey } from '../../metadata';
import { positionOf } from '../../query';
import type { Answer, Command } from '../command';
import { addressText } from '../text/address-text';
import { facts } from '../text/table';
import { UsageError } from '../usage-error';
import { keyValue } from './key-value';

/** `route`: where the rows of a key live. */
export const route: Command = {
  name: 'route',
  summary: 'show the shard, database and table that hold the rows of a key; connects to nothing',
  arguments: [
    ['<entity>', 'name of an entity with a shard key'],
    ['<key...>', 'value of the shard key; of several columns, one after another'],
  ],
  examples: [
    '-d src/cluster.ts route User ada',
    '-d src/cluster.ts route Invoice acme 2026 --json',
    '-d src/cluster.ts route Account -- -5',
  ],
  run: async ({ cluster, args: [entity = '', ...key] }) => {
    await cluster.readEntities();
    try {
      return routeOf(cluster, shardedOf(cluster, entity), key);
    } catch (error) {
      // What was typed is at fault; the same error below an application would be the application's.
      if (error instanceof ShardKeyInvalidError || error instanceof PositionUnownedError || error instanceof NotShardedError) {
        throw new UsageError(error.message, { cause: error });
      }
      throw error;
    }
  },
};

function shardedOf(cluster: ShardedDataSource, entity: string): ShardedEntity {
  try {
    return cluster.core.shardedOf(entity);
  } catch (error) {
    if (!(error instanceof EntityMetadataNotFoundError)) throw error;
    const names = cluster.entityMetadatas.map(({ name }) => name).sort();
    throw new UsageError(`The cluster has no entity "${entity}". It has: ${names.join(', ')}.`, { cause: error });
  }
}

function routeOf(cluster: ShardedDataSource, sharding: ShardedEntity, key: readonly string[]): Answer {
  const { metadata } = sharding;
  const wanted = sharding.key.map(({ path }) => path);
  if (key.length !== wanted.length) {
    throw new UsageError(`The shard key of ${metadata.name} is ${wanted.join(', ')}: ${wanted.length} value(s), not ${key.length}.`);
  }
  const values = spreadKey(
    sharding,
    sharding.key.map((column, index) => keyValue(column, key[index] ?? '')),
  );
  const shard = cluster.core.ownerOf(sharding, values);
  const found = { entity: metadata.name, shard: shard.name, position: String(positionOf(sharding, values)) };
  const table = `${metadata.tablePath}${shard.options.suffix}`;
  const text = facts([...Object.entries(found), ['table', table], ['database', addressText(cluster, shard)]]);
  return { json: { ...found, table, ...shard.address }, text };
}
