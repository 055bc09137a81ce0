import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, EntityManager } from 'typeorm';
import { ShardedDataSource, ShardedRepository } from 'typeorm-sharding';
import { ShardingModule, type ShardingModuleOptions } from 'typeorm-sharding/nestjs';
import { optionsFor } from '../cluster/fixtures/clusters';
import { createDatabases, sampledKinds, type TestDatabases } from '../database';
import { type RunningApplication, startApplication } from './fixtures/application';
import { User } from './unmodified/user.entity';
import { UsersModule } from './unmodified/users.module';

const settings = { entities: [User], synchronize: true };

/** How an application has its repositories: from one ordinary database, or from a cluster. */
const worlds = {
  TypeOrmModule: (databases: TestDatabases): readonly DynamicModule[] => [
    TypeOrmModule.forRoot({ type: databases.type, ...databases.shards[0]?.options, ...settings } as never),
    UsersModule.over(TypeOrmModule.forFeature([User])),
  ],
  ShardingModule: (databases: TestDatabases): readonly DynamicModule[] => [
    ShardingModule.forRoot({ ...optionsFor(databases, settings), provideDataSource: true } as ShardingModuleOptions),
    UsersModule.over(ShardingModule.forFeature([User])),
  ],
} as const;

describe.each(sampledKinds)('A service that knows only @nestjs/typeorm (%s)', (kind) => {
  describe.each(['TypeOrmModule', 'ShardingModule'] as const)('under %s', (world) => {
    let databases: TestDatabases;
    let running: RunningApplication;

    beforeEach(async () => {
      databases = await createDatabases(kind, 3);
      running = await startApplication(worlds[world](databases));
    });

    afterEach(async () => {
      await running[Symbol.asyncDispose]();
      await databases.stop();
    });

    it('answers the same requests alike', async () => {
      const { request } = running;
      for (let index = 9; index > 0; index -= 1) {
        expect(await request('POST', '/users', { guid: `u${index}`, name: `name ${index}` })).toMatchObject({ status: 201 });
      }
      expect(await request('POST', '/users', { guid: 'u1', name: 'other' })).toMatchObject({ status: 409 });
      expect(await request('GET', '/users/u3')).toEqual({ status: 200, body: { guid: 'u3', name: 'name 3' } });
      expect(await request('GET', '/users/nobody')).toMatchObject({ status: 404 });
      expect(await request('GET', '/users/count')).toEqual({ status: 200, body: 9 });
      const { body } = await request('GET', '/users');
      expect((body as User[]).map(({ guid }) => guid)).toEqual(['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8', 'u9']);
    });

    it('commits and rolls back its transactions', async () => {
      const { request } = running;
      await request('POST', '/users', { guid: 'ada', name: 'Ada' });

      expect(await request('PUT', '/users/ada/name', { name: 'Ada Lovelace' })).toMatchObject({ status: 200 });
      expect(await request('PUT', '/users/ada/name', { name: '' })).toMatchObject({ status: 409 });
      expect(await request('GET', '/users/ada')).toEqual({ status: 200, body: { guid: 'ada', name: 'Ada Lovelace' } });
    });
  });

  it('spreads its rows under ShardingModule, where its repository, data source and manager are the cluster', async () => {
    const databases = await createDatabases(kind, 3);
    {
      await using running = await startApplication(worlds.ShardingModule(databases));
      const cluster = running.app.get(ShardedDataSource);
      for (let index = 0; index < 30; index += 1) await running.request('POST', '/users', { guid: `u${index}`, name: 'same' });

      const counts = await Promise.all(cluster.shards.map(({ dataSource }) => dataSource.getRepository(User).count()));
      expect(counts.every((count) => count > 0)).toBe(true);
      expect(counts.reduce((sum, count) => sum + count)).toBe(30);
      expect(running.app.get(DataSource)).toBe(cluster);
      expect(running.app.get(EntityManager)).toBe(cluster.manager);
      expect(running.app.get('UserRepository', { strict: false })).toBeInstanceOf(ShardedRepository);
    }
    await databases.stop();
  });
});
