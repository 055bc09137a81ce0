/** A user's unit tests of a service, as they were before sharding, and beside them one over a cluster in memory. For jest the import of `node:test` is replaced by jest's own. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NotFoundException } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { getRepositoryToken } from '@nestjs/typeorm';
import { getShardedDataSourceToken, getShardedRepositoryToken, ShardingModule } from 'typeorm-sharding/nestjs';
import { createTestCluster, expectShards, type TestCluster } from 'typeorm-sharding/testing';
import { User, UsersModule, UsersService } from './users.js';

describe('UsersService', () => {
  let users: UsersService;
  let asked: object[];

  before(async () => {
    asked = [];
    const repository = {
      findOneBy: async (where: { guid: string }) => {
        asked.push(where);
        return where.guid === 'ada' ? { guid: 'ada', name: 'Ada' } : null;
      },
    };
    const testing = await Test.createTestingModule({
      providers: [
        UsersService,
        { provide: getRepositoryToken(User), useValue: repository },
        { provide: getShardedDataSourceToken(), useValue: { shardFor: () => ({ name: 'a shard' }) } },
      ],
    }).compile();
    users = testing.get(UsersService);
  });

  it('asks its repository', async () => {
    assert.deepEqual(await users.find('ada'), { guid: 'ada', name: 'Ada', shard: 'a shard' });
    await assert.rejects(users.find('bob'), NotFoundException);
    assert.deepEqual(asked, [{ guid: 'ada' }, { guid: 'bob' }]);
  });
});

describe('UsersService over a cluster in memory', () => {
  let cluster: TestCluster;
  let users: UsersService;

  before(async () => {
    cluster = await createTestCluster({ entities: [User] });
    const testing = await Test.createTestingModule({
      providers: [
        UsersService,
        { provide: getShardedRepositoryToken(User), useValue: cluster.getRepository(User) },
        { provide: getShardedDataSourceToken(), useValue: cluster },
      ],
    }).compile();
    users = testing.get(UsersService);
  });

  after(() => cluster.destroy());

  it('asks the shard of the user', async () => {
    const { name } = cluster.shardFor(User, 'ada');
    await expectShards(cluster, [name], () => users.add({ guid: 'ada', name: 'Ada' }));
    assert.deepEqual(await users.find('ada'), { guid: 'ada', name: 'Ada', shard: name });
  });
});

describe('UsersModule', () => {
  let testing: TestingModule;

  before(async () => {
    const options = { type: 'sqljs', shards: ['s1', 's2'], synchronize: true, autoLoadEntities: true } as const;
    testing = await Test.createTestingModule({ imports: [ShardingModule.forRoot(options), UsersModule] }).compile();
  });

  after(() => testing.close());

  it('finds what it added', async () => {
    await testing.get(UsersService).add({ guid: 'ada', name: 'Ada' });
    assert.equal((await testing.get(UsersService).find('ada')).name, 'Ada');
  });
});
