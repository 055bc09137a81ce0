import { Injectable, Module } from '@nestjs/common';
import { InjectDataSource, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, EntitySchema, PrimaryColumn, Repository } from 'typeorm';
import { declareSharding, ShardedDataSource, type ShardedDataSourceOptions, ShardedRepository, ShardKey } from 'typeorm-sharding';
import {
  type AsyncShardingOptions,
  getShardedDataSourceToken,
  getShardedRepositoryToken,
  InjectShardedDataSource,
  InjectShardedRepository,
  RepositoryOf,
  ShardingModule,
  type ShardingOptionsFactory,
} from 'typeorm-sharding/nestjs';
import { User } from '../cluster/fixtures/entities';
import { startApplication } from './fixtures/application';

@Entity()
class Order {
  @PrimaryColumn() @ShardKey() id!: string;
  @Column() total!: number;
}

@Entity()
class Setting {
  @PrimaryColumn() name!: string;
}

const Device = declareSharding(new EntitySchema<{ id: string }>({ name: 'Device', columns: { id: { type: 'varchar', primary: true } } }), {
  key: ['id'],
});

const base = { type: 'sqljs', shards: ['s1', 's2', 's3'], synchronize: true } as const satisfies Partial<ShardedDataSourceOptions>;
const options = { ...base, entities: [User, Order] };

@RepositoryOf(User)
class UserRepository extends ShardedRepository<User> {
  named(name: string): Promise<User[]> {
    return this.findBy({ name });
  }
}

@Injectable()
class Consumer {
  constructor(
    @InjectShardedRepository(User) readonly users: ShardedRepository<User>,
    @InjectShardedDataSource() readonly cluster: ShardedDataSource,
  ) {}
}

describe('ShardingModule.forRoot', () => {
  it('provides repositories and the cluster, open while the application runs', async () => {
    @Module({ imports: [ShardingModule.forFeature([User])], providers: [Consumer] })
    class FeatureModule {}
    const running = await startApplication([ShardingModule.forRoot(options), { module: FeatureModule }]);
    const { users, cluster } = running.app.get(Consumer);

    await users.save({ guid: 'ada', name: 'Ada' });
    expect(await users.findOneBy({ guid: 'ada' })).toEqual({ guid: 'ada', name: 'Ada' });
    expect(users).toBe(cluster.getRepository(User));
    expect(cluster.isInitialized).toBe(true);
    await running.app.close();
    expect(cluster.isInitialized).toBe(false);
  });

  it('does not answer to the tokens of an ordinary data source unless it is asked to', async () => {
    await using running = await startApplication([ShardingModule.forRoot(options)]);
    expect(() => running.app.get(DataSource)).toThrow();
  });

  it('stands beside TypeOrmModule, which keeps the entities that are not sharded', async () => {
    @Injectable()
    class Both {
      constructor(
        @InjectRepository(User) readonly users: Repository<User>,
        @InjectRepository(Setting) readonly settings: Repository<Setting>,
        @InjectDataSource() readonly ordinary: DataSource,
      ) {}
    }
    @Module({ imports: [ShardingModule.forFeature([User]), TypeOrmModule.forFeature([Setting])], providers: [Both] })
    class FeatureModule {}
    const ordinary = TypeOrmModule.forRoot({ type: 'sqljs', entities: [Setting], synchronize: true });
    await using running = await startApplication([ShardingModule.forRoot(options), ordinary, { module: FeatureModule }]);
    const both = running.app.get(Both);

    await both.settings.save({ name: 'dark' });
    await both.users.save({ guid: 'ada', name: 'Ada' });
    expect(both.users).toBeInstanceOf(ShardedRepository);
    expect(both.settings).not.toBeInstanceOf(ShardedRepository);
    expect(both.ordinary).not.toBeInstanceOf(ShardedDataSource);
    expect(await both.ordinary.getRepository(Setting).count()).toBe(1);
  });

  it('keeps several clusters apart by name', async () => {
    @Injectable()
    class Two {
      constructor(
        @InjectRepository(User) readonly users: Repository<User>,
        @InjectRepository(Order, 'orders') readonly orders: Repository<Order>,
        @InjectShardedDataSource('orders') readonly cluster: ShardedDataSource,
      ) {}
    }
    @Module({ imports: [ShardingModule.forFeature([User]), ShardingModule.forFeature([Order], 'orders')], providers: [Two] })
    class FeatureModule {}
    const orders = ShardingModule.forRoot({ ...base, name: 'orders', entities: [Order], shards: ['o1', 'o2'], provideDataSource: true });
    await using running = await startApplication([
      ShardingModule.forRoot({ ...base, entities: [User] }),
      orders,
      { module: FeatureModule },
    ]);
    const two = running.app.get(Two);

    await two.orders.save({ id: 'o', total: 1 });
    expect(two.cluster.shards.map(({ name }) => name)).toEqual(['o1', 'o2']);
    expect(await two.cluster.getRepository(Order).count()).toBe(1);
    expect(two.users.metadata).not.toBe(two.orders.metadata);
    expect(running.app.get('ordersDataSource')).toBe(two.cluster);
    expect(running.app.get(ShardedDataSource)).not.toBe(two.cluster);
  });

  it('adds what modules ask for to its entities with autoLoadEntities, and only in its own application', async () => {
    const cluster = () => ShardingModule.forRoot({ ...base, autoLoadEntities: true });
    const withUsers = await startApplication([cluster(), ShardingModule.forFeature([User, UserRepository, Device])]);
    const withOrders = await startApplication([cluster(), ShardingModule.forFeature([Order])]);

    const entitiesOf = ({ app }: typeof withUsers) => app.get(ShardedDataSource).entityMetadatas.map(({ name }) => name);
    expect(entitiesOf(withUsers)).toEqual(['User', 'Device']);
    expect(entitiesOf(withOrders)).toEqual(['Order']);
    expect(withUsers.app.get(getShardedRepositoryToken(Device), { strict: false })).toBeInstanceOf(ShardedRepository);
    await Promise.all([withUsers.app.close(), withOrders.app.close()]);
  });

  it('makes repository classes, under their own class', async () => {
    await using running = await startApplication([ShardingModule.forRoot(options), ShardingModule.forFeature([UserRepository])]);
    const users = running.app.get(UserRepository, { strict: false });

    await users.save([
      { guid: 'ada', name: 'Ada' },
      { guid: 'bob', name: 'Ada' },
    ]);
    expect(users).toBeInstanceOf(UserRepository);
    expect(await users.named('Ada')).toHaveLength(2);
    expect(await users.forKey('ada').named('Ada')).toEqual(expect.arrayContaining([{ guid: 'ada', name: 'Ada' }]));
  });

  it('leaves opening to the application with manualInitialization', async () => {
    await using running = await startApplication([ShardingModule.forRoot({ ...options, manualInitialization: true })]);
    const cluster = running.app.get(ShardedDataSource);

    expect(cluster.isInitialized).toBe(false);
    await cluster.initialize();
    expect(await cluster.getRepository(User).count()).toBe(0);
  });
});

describe('ShardingModule.forRootAsync', () => {
  @Injectable()
  class Settings implements ShardingOptionsFactory {
    createShardingOptions(name: string): AsyncShardingOptions {
      return { ...options, shards: [`${name}-1`, `${name}-2`] };
    }
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  const shardsOf = async (module: ReturnType<typeof ShardingModule.forRootAsync>, name?: string) => {
    await using running = await startApplication([module, ShardingModule.forFeature([User], name)]);
    const cluster = running.app.get<ShardedDataSource>(getShardedDataSourceToken(name));
    expect(await cluster.getRepository(User).count()).toBe(0);
    return cluster.shards.map((shard) => shard.name);
  };

  it('takes options from a factory and what it injects', async () => {
    const useFactory = async (settings: Settings, extra: string) => ({ ...settings.createShardingOptions('f'), shards: [extra] });
    const extraProviders = [{ provide: 'EXTRA', useValue: 'extra' }];
    const module = { imports: [SettingsModule], inject: [Settings, 'EXTRA'], extraProviders, useFactory };
    expect(await shardsOf(ShardingModule.forRootAsync(module))).toEqual(['extra']);
  });

  it('takes options from a class of its own, and tells it the name', async () => {
    expect(await shardsOf(ShardingModule.forRootAsync({ name: 'c', useClass: Settings }), 'c')).toEqual(['c-1', 'c-2']);
  });

  it('takes options from a provider that is there', async () => {
    const module = ShardingModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings });
    expect(await shardsOf(module)).toEqual(['default-1', 'default-2']);
  });

  it('refuses to guess where options come from', () => {
    expect(() => ShardingModule.forRootAsync({})).toThrow('useFactory, useClass or useExisting');
  });
});
