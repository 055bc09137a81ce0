import { TypeOrmModule } from '@nestjs/typeorm';
import { Column, Entity, PrimaryColumn, Repository } from 'typeorm';
import { ConfigurationError, ShardKey } from 'typeorm-sharding';
import { RepositoryOf, ShardingModule, type ShardingModuleOptions } from 'typeorm-sharding/nestjs';
import { User } from '../cluster/fixtures/entities';
import { startApplication } from './fixtures/application';

@Entity()
class Order {
  @PrimaryColumn() @ShardKey() id!: string;
}

class Undeclared extends Repository<User> {}

@RepositoryOf(Order)
class OrderRepository extends Repository<Order> {}

const options: ShardingModuleOptions = { type: 'sqljs', entities: [User], shards: ['s1', 's2'], synchronize: true, retryAttempts: 3 };
const ordinary = (name?: string) => TypeOrmModule.forRoot({ type: 'sqljs', entities: [User], ...(name && { name }) } as never);

/** What an application of some modules is refused with; it must not start. */
async function faultsOf(...modules: Parameters<typeof startApplication>[0]): Promise<readonly string[]> {
  const outcome = await startApplication(modules).catch((error: unknown) => error);
  if (outcome instanceof ConfigurationError) return outcome.faults;
  throw outcome instanceof Error ? outcome : new Error('The application started.');
}

describe('ShardingModule refuses', () => {
  it('an entity that TypeOrmModule has too, and says how its old table is reached', async () => {
    expect(
      await faultsOf(ShardingModule.forRoot(options), ordinary(), ShardingModule.forFeature([User]), TypeOrmModule.forFeature([User])),
    ).toEqual([
      'User is in forFeature of both ShardingModule and TypeOrmModule. Leave it out of TypeOrmModule.forFeature; ' +
        'its old table is reached by @InjectDataSource() and getRepository(User).',
    ]);
  });

  it('an entity that TypeOrmModule has too under another data source', async () => {
    const legacy = [ordinary('legacy'), TypeOrmModule.forFeature([User], 'legacy')];
    expect(await faultsOf(ShardingModule.forRoot(options), ShardingModule.forFeature([User]), ...legacy)).toEqual([
      expect.stringContaining("@InjectDataSource('legacy') and getRepository(User)"),
    ]);
  });

  it('provideDataSource beside an ordinary data source of the same name, and not of another', async () => {
    const cluster = ShardingModule.forRoot({ ...options, provideDataSource: true });
    expect(await faultsOf(cluster, ordinary())).toEqual([expect.stringContaining('Leave provideDataSource out')]);
    await using running = await startApplication([cluster, ordinary('legacy')]);
    expect(running.app).toBeDefined();
  });

  it('two clusters of one name', async () => {
    const second = ShardingModule.forRoot({ ...options, shards: ['t1'] });
    expect(await faultsOf(ShardingModule.forRoot(options), second)).toEqual([
      '2 modules make a cluster named "default". Give each ShardingModule.forRoot a name of its own.',
    ]);
  });

  it('a feature of a cluster that there is not', async () => {
    expect(await faultsOf(ShardingModule.forRoot(options), ShardingModule.forFeature([User], 'main'))).toEqual([
      expect.stringContaining('asks for User of the cluster "main", which no ShardingModule.forRoot names'),
    ]);
  });

  it('an entity that the cluster does not have, also that of a repository class', async () => {
    expect(await faultsOf(ShardingModule.forRoot(options), ShardingModule.forFeature([OrderRepository]))).toEqual([
      'ShardingModule.forFeature asks for Order, which is not among the entities of the cluster. Add it, or set autoLoadEntities.',
    ]);
  });

  it('another name in asynchronous options than the module was given', async () => {
    const module = ShardingModule.forRootAsync({ useFactory: () => ({ ...options, name: 'main' }) });
    expect(await faultsOf(module)).toEqual([expect.stringContaining('forRootAsync "default"')]);
  });

  it.each<[string, readonly unknown[], string]>([
    ['a class that a circle of imports left undefined', [undefined], 'member 0 is undefined. Two files that import each other'],
    ['a repository class without its entity', [User, Undeclared], 'Undeclared does not say its entity. Put @RepositoryOf(Entity) on it.'],
    ['what is no entity', ['User'], 'member 0 is no entity'],
  ])('%s', (_, members, sentence) => {
    expect(() => ShardingModule.forFeature(members as never)).toThrow(sentence);
  });

  it('options that cannot be, at once and without another try', async () => {
    const begun = performance.now();
    expect(await faultsOf(ShardingModule.forRoot({ ...options, shards: [], retryDelayMs: 60_000 }))).toEqual([
      'options.shards names no shard.',
    ]);
    expect(performance.now() - begun).toBeLessThan(30_000);
  });

  it('what TypeORM itself finds wrong with an entity, without another try', async () => {
    @Entity()
    class Odd {
      @PrimaryColumn() @ShardKey() id!: string;
      @Column({ type: 'tsvector' }) text!: string;
    }
    const starting = startApplication([ShardingModule.forRoot({ ...options, entities: [Odd], retryDelayMs: 60_000 })]);
    await expect(starting).rejects.toThrow(/tsvector/);
  }, 20_000);
});
