import { join } from 'node:path';
import { EntitySchema } from 'typeorm';
import { declareSharding, ShardedDataSource, ShardedRepository } from 'typeorm-sharding';
import { getShardedRepositoryToken, ShardingModule, type ShardingModuleOptions } from 'typeorm-sharding/nestjs';
import { optionsFor, shardsOf, startCluster } from '../cluster/fixtures/clusters';
import { User } from '../cluster/fixtures/entities';
import { createDatabases, sampledKinds } from '../database';
import { startApplication } from './fixtures/application';
import { User as UserOfFile } from './unmodified/user.entity';

class Device {
  id!: string;
}

const DeviceSchema = declareSharding(
  new EntitySchema<Device>({ name: 'Device', target: Device, columns: { id: { type: 'varchar', primary: true } } }),
  { key: ['id'] },
);

const forRoot = (more: object) =>
  ShardingModule.forRoot({ type: 'sqljs', shards: ['s1', 's2'], synchronize: true, ...more } as ShardingModuleOptions);

describe('ShardingModule knows the entity of a feature', () => {
  it.each<[string, object]>([
    ['in entities', {}],
    ['in entities, with autoLoadEntities too', { autoLoadEntities: true }],
  ])('by the class of its schema %s', async (_, more) => {
    await using running = await startApplication([forRoot({ entities: [DeviceSchema], ...more }), ShardingModule.forFeature([Device])]);
    const devices = running.app.get<ShardedRepository<Device>>(getShardedRepositoryToken(Device), { strict: false });

    await devices.insert({ id: 'd' });
    expect(await devices.count()).toBe(1);
    expect(running.app.get(ShardedDataSource).entityMetadatas.map(({ name }) => name)).toEqual(['Device']);
  });

  it('by its file, which is read at the start', async () => {
    const files = { entities: [join(__dirname, 'unmodified/user.entity.ts')] };
    await using running = await startApplication([forRoot(files), ShardingModule.forFeature([UserOfFile])]);
    expect(running.app.get(ShardedDataSource).hasMetadata(UserOfFile)).toBe(true);

    const starting = startApplication([forRoot(files), ShardingModule.forFeature([User])]);
    await expect(starting).rejects.toMatchObject({ faults: [expect.stringContaining('asks for User, which is not among the entities')] });
  });

  it('when the application is to initialize the cluster itself', async () => {
    await using running = await startApplication([
      forRoot({ entities: [User], manualInitialization: true }),
      ShardingModule.forFeature([User]),
    ]);
    const users = running.app.get<ShardedRepository<User>>(getShardedRepositoryToken(User), { strict: false });

    await expect((async () => users.count())()).rejects.toMatchObject({ code: 'ERR_NOT_INITIALIZED' });
    await running.app.get(ShardedDataSource).initialize();
    expect(await users.count()).toBe(0);
  });
});

describe.each(sampledKinds)('ShardingModule, over databases that belong to other shards (%s)', (kind) => {
  it.each([1, 2])('does not try again, with %i of them', async (wrong) => {
    const databases = await createDatabases(kind, 2, { onDisk: true });
    const settings = { entities: [User], synchronize: true };
    await (await startCluster(databases, settings)).destroy();

    const [first, second] = shardsOf(databases).map((shard) => shard as { readonly name: string });
    const shards =
      wrong === 2
        ? [
            { ...first!, name: 's2' },
            { ...second!, name: 's1' },
          ]
        : [{ ...first!, name: 's9' }, second!];
    const toRetry = jest.fn(() => true);
    const options = { ...optionsFor(databases, settings), shards, toRetry, retryAttempts: 1, retryDelayMs: 10 };
    const error = await startApplication([ShardingModule.forRoot(options as unknown as ShardingModuleOptions)]).catch((thrown) => thrown);

    expect(['ERR_IDENTITY', 'ERR_SHARDS_FAILED']).toContain(error.code);
    expect(toRetry).not.toHaveBeenCalled();
    await databases.stop();
  });
});
