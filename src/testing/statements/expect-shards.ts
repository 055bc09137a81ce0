import { AssertionError } from 'node:assert';
import type { TestCluster } from '../test-cluster';
import type { RecordedStatement } from './statement-recorder';

/** Which shards a call is to reach: their names in any order, `'all'` of the cluster, or `'none'`. */
export type ExpectedShards = readonly string[] | 'all' | 'none';

/**
 * Asserts which shards a call sends statements to: these, each of them, and no other.
 *
 * Like `recordStatements` it counts everything that the cluster sends while the call runs.
 *
 * @returns What the call returns.
 * @throws AssertionError with the statements of each shard, when they are others.
 * @throws {UnknownShardError} when the cluster has no shard of a name.
 */
export async function expectShards<T>(cluster: TestCluster, expected: ExpectedShards, call: () => Promise<T> | T): Promise<T> {
  const wanted = [...new Set(namesOf(cluster, expected))].sort();
  const { result, statements } = await cluster.recorder.record(call);
  const asked = [...new Set(statements.map(({ shard }) => shard))].sort();
  if (asked.join('\n') === wanted.join('\n')) return result;
  throw new AssertionError({
    message: `Expected statements on ${listed(wanted)}, but ${listed(asked)} got some.${linesOf(statements)}`,
    actual: asked,
    expected: wanted,
    operator: 'expectShards',
    stackStartFn: expectShards,
  });
}

function namesOf(cluster: TestCluster, expected: ExpectedShards): readonly string[] {
  if (expected === 'none') return [];
  return expected === 'all' ? cluster.shards.map(({ name }) => name) : expected.map((name) => cluster.shard(name).name);
}

function listed(shards: readonly string[]): string {
  return shards.length === 0 ? 'no shard' : shards.join(', ');
}

function linesOf(statements: readonly RecordedStatement[]): string {
  return statements.map(({ shard, sql }) => `\n  ${shard}: ${sql}`).join('');
}
