import { Logger, Module } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { ShardedDataSource } from 'typeorm-sharding';
import { ShardingModule, type ShardingModuleOptions } from 'typeorm-sharding/nestjs';
import { User } from '../cluster/fixtures/entities';
import { findFreePort } from '../database/servers/free-port';
import { startApplication } from './fixtures/application';

const options: ShardingModuleOptions = { type: 'sqljs', shards: ['s1', 's2', 's3'], entities: [User], synchronize: true };

let said: jest.SpyInstance;

beforeEach(() => {
  said = jest.spyOn(Logger.prototype, 'error').mockImplementation();
});

afterEach(() => said.mockRestore());

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('The end of an application', () => {
  it('leaves no timer', async () => {
    const before = timers();
    const { app } = await startApplication([ShardingModule.forRoot(options)]);
    await app.get(ShardedDataSource).getRepository(User).count();
    await app.close();
    expect(timers()).toBe(before);
  });

  it('closes the other shards when one cannot be closed, and says so', async () => {
    const { app } = await startApplication([ShardingModule.forRoot(options)]);
    const [first, second, third] = app.get(ShardedDataSource).shards.map(({ dataSource }) => dataSource);
    jest.spyOn(second!, 'destroy').mockRejectedValue(new Error('The disk is gone.'));

    await app.close();
    expect([first!.isInitialized, third!.isInitialized]).toEqual([false, false]);
    expect(said).toHaveBeenCalledWith('The cluster could not be closed.', expect.stringContaining('The disk is gone.'));
  });

  it('closes a cluster that the application had closed already, without a word', async () => {
    const { app } = await startApplication([ShardingModule.forRoot(options)]);
    await app.get(ShardedDataSource).destroy();
    await app.close();
    expect(said).not.toHaveBeenCalled();
  });

  it('leaves another application in the process open', async () => {
    await using kept = await startApplication([ShardingModule.forRoot(options)]);
    const ended = await startApplication([ShardingModule.forRoot(options)]);
    await ended.app.close();
    expect(ended.app.get(ShardedDataSource).isInitialized).toBe(false);
    expect(await kept.app.get(ShardedDataSource).getRepository(User).count()).toBe(0);
  });

  it('leaves another application of the same module class open', async () => {
    @Module({ imports: [ShardingModule.forRoot(options)] })
    class SharedModule {}
    const create = () => NestFactory.createApplicationContext(SharedModule, { logger: false, abortOnError: false });
    const [first, second] = [await create(), await create()];

    await first.close();
    expect(first.get(ShardedDataSource).isInitialized).toBe(false);
    expect(await second.get(ShardedDataSource).getRepository(User).count()).toBe(0);
    await second.close();
    expect(second.get(ShardedDataSource).isInitialized).toBe(false);
  });
});

describe('A cluster whose application ends while it is tried again', () => {
  it('stops trying at once', async () => {
    const shards = [{ name: 's1', host: '127.0.0.1', port: await findFreePort(), database: 'none' }];
    const late = { type: 'mysql', shards, entities: [User], retryAttempts: 1, retryDelayMs: 20_000 } as ShardingModuleOptions;
    // Only a module that is loaded later starts while there is an application to close; Nest must not have called its hooks before.
    @Module({})
    class EmptyModule {}
    const app = await NestFactory.create(EmptyModule, { logger: false, abortOnError: false });
    const tried = new Promise<void>((resolve) => said.mockImplementation(() => resolve()));
    const outcome = app
      .get(LazyModuleLoader)
      .load(() => ShardingModule.forRoot(late))
      .then(
        () => 'loaded',
        (error: Error) => error.name,
      );

    await tried;
    await app.close();
    expect(await outcome).toBe('AbortError');
  });
});
