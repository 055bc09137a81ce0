import type { ShardedDataSource } from '../../src';
import type { Call } from './calls';
import { toWhere } from './conditions';
import type { OracleEntities } from './entities';

/**
 * Whether one shard answers a call alone. Ties of its order are then broken by the database as it likes, as on any one database, so the
 * call has to say how.
 */
export async function isAnsweredByOneShard(cluster: ShardedDataSource, call: Call, { targets, facts }: OracleEntities): Promise<boolean> {
  if (cluster.shards.length === 1) return true;
  if (call.family === 'write' || (call.family === 'find' && call.via === 'acrossShards')) return false;
  const where = call.family === 'find' ? call.options.where : call.where;
  // Only conditions on the key in every alternative can prove anything.
  if (!where?.every((each) => facts[call.entity].shardKey in each)) return false;
  const { route } = await cluster.manager.explain(targets[call.entity], { where: toWhere(where) });
  return route === 'one';
}
