import type { QueryRunner } from 'typeorm';
import type { ShardDataSource } from './shard-data-source';
import { shardFault } from './shard-fault';

/** Makes a runner of the member's own database, never of a replica, whose statements name the shard on what its database throws. */
export function namedRunner(source: ShardDataSource): QueryRunner {
  const runner = source.createQueryRunner('master');
  const { query } = runner;
  // Beginning and ending a transaction are statements too.
  runner.query = (...args: Parameters<QueryRunner['query']>) =>
    query.apply(runner, args).catch((error: unknown) => Promise.reject(shardFault(source.context.shard, error)));
  return runner;
}
