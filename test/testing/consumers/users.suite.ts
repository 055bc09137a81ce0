/** A user's own suite for node's test runner; for jest the import of `node:test` is replaced by jest's own. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { ShardError } from 'typeorm-sharding';
import { checkGoldenRoutes, createTestCluster, expectShards, goldenRoutes, recordStatements, TestCluster } from 'typeorm-sharding/testing';
import { User, Users } from './shop.js';

const folder = process.cwd();
let cluster: TestCluster;
let users: Users;

before(async () => {
  cluster = await createTestCluster({ entities: [User], shards: 3 });
  users = new Users(cluster);
});

afterEach(() => cluster.clear());
after(() => cluster.destroy());

describe('Users', () => {
  it('are found where they are registered', async () => {
    const shard = cluster.shardFor(User, 'ada').name;
    await expectShards(cluster, [shard], () => users.register('ada', { theme: 'dark' }));
    const found = await expectShards(cluster, [shard], () => users.find('ada'));
    assert.deepEqual({ ...found?.settings }, { theme: 'dark' });
    assert.equal(found?.state, 'new');
    assert.ok(found?.createdAt instanceof Date);
    assert.ok(found instanceof User);
    assert.equal(await expectShards(cluster, 'all', () => users.count()), 1);
  });

  it('begin each test with empty tables', async () => {
    assert.equal(await users.count(), 0);
  });

  it('report an unexpected route readably', async () => {
    const failure = await expectShards(cluster, 'none', () => users.count()).catch((error: unknown) => error as Error);
    assert.equal((failure as Error).name, 'AssertionError');
    assert.match((failure as Error).message, /Expected statements on no shard, but shard-1, shard-2, shard-3 got some\./);
  });

  it('are told of a shard that is down', async () => {
    const { name } = cluster.shardFor(User, 'ada');
    cluster.faults.down(name);
    const error = await users.find('ada').then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ShardError && error instanceof Error);
    assert.deepEqual([error.code, error.driverCode, error.retryable], ['ERR_SHARD_FAILED', 'ECONNREFUSED', true]);
  });

  it('are greeted although the answer of the commit is lost', async () => {
    await users.register('ada', {});
    cluster.faults.loseCommit(cluster.shardFor(User, 'ada').name, { applied: false });
    const statements = await recordStatements(cluster, () => users.greet('ada'));
    assert.equal(statements.filter(({ sql }) => sql.startsWith('UPDATE')).length, 2);
    assert.equal((await users.find('ada'))?.state, 'known');
  });

  it('stay on their shards', async () => {
    const keys = { User: ['ada', 'bob', 'cyd'] };
    const file = join(folder, 'golden-routes.json');
    await checkGoldenRoutes(cluster, file, keys, { update: true });
    await checkGoldenRoutes(cluster, file, keys);
    assert.equal(goldenRoutes(cluster, [[User, keys.User]]).routes.length, 3);
  });
});
