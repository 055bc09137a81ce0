import type * as timers from 'node:timers/promises';
import type { ShardedDataSource } from '../../../src';
import { copyReferences } from '../../../src/reshard/references/copy-references';
import { createDatabases, sampledKinds, type TestDatabases } from '../../database';
import { startThree } from '../fixtures';

const SETTLE_MS = 123_456;
/** What happens while the copy waits for writes on their way, wait by wait. */
const mockMeanwhile: (() => Promise<unknown>)[] = [];

jest.mock('node:timers/promises', () => {
  const actual = jest.requireActual<typeof timers>('node:timers/promises');
  const setTimeout = (ms: number, ...rest: [unknown, object]) =>
    ms === 123_456 ? (mockMeanwhile.shift()?.() ?? Promise.resolve()) : actual.setTimeout(ms, ...rest);
  return { ...actual, setTimeout };
});

describe.each(sampledKinds)('copyReferences beside a write that is on its way, on %s', (kind) => {
  let databases: TestDatabases;
  let cluster: ShardedDataSource;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3);
    cluster = await startThree(databases);
    mockMeanwhile.length = 0;
  });

  afterEach(async () => {
    await cluster.destroy();
    await databases.stop();
  });

  const onShard = (shard: string, sql: string) => cluster.query(sql, [], { shards: [shard] });
  const increment = (shard: string) => onShard(shard, "UPDATE country SET people = people + 1 WHERE code = 'a'");
  const peopleOn = async (shard: string) => {
    const [answer] = await onShard(shard, 'SELECT people FROM country');
    return ((answer?.result ?? []) as readonly { people: number }[]).map(({ people }) => Number(people));
  };

  it('copies its effect once, when it has come to the first shard before and comes to the new one within the time', async () => {
    await onShard('s1', "INSERT INTO country (code, people) VALUES ('a', 1)");
    mockMeanwhile.push(() => increment('s3'));
    await copyReferences(cluster.live, ['s3'], { settleMs: SETTLE_MS });
    expect(mockMeanwhile).toEqual([]);
    expect([await peopleOn('s1'), await peopleOn('s3')]).toEqual([[1], [1]]);
  });

  it('waits anew for one that comes to the first shard while it waits', async () => {
    await onShard('s1', "INSERT INTO country (code, people) VALUES ('a', 1)");
    mockMeanwhile.push(
      () => increment('s1'),
      () => increment('s3'),
    );
    await copyReferences(cluster.live, ['s3'], { settleMs: SETTLE_MS });
    expect(mockMeanwhile).toEqual([]);
    expect([await peopleOn('s1'), await peopleOn('s3')]).toEqual([[2], [2]]);
  });
});
