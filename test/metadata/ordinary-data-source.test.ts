import { BaseEntity, Column, DataSource, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';
import { describeSharding, ShardedDataSource, ShardKey } from '../../src';

@Entity()
class User extends BaseEntity {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column() name!: string;
  @OneToMany(
    () => Order,
    (order) => order.user,
  )
  orders!: Promise<Order[]>;
}

@Entity()
class Order extends BaseEntity {
  @PrimaryColumn() id!: number;
  @ShardKey(() => User) @Column() userGuid!: string;
  @ManyToOne(
    () => User,
    (user) => user.orders,
  )
  @JoinColumn({ name: 'userGuid' })
  user!: Promise<User>;
}

describe('an entity class that an ordinary DataSource uses too', () => {
  const ordinary = new DataSource({ type: 'sqljs', entities: [User, Order], synchronize: true });
  const cluster = new ShardedDataSource({
    type: 'sqljs',
    entities: [User, Order],
    synchronize: true,
    shards: [{ name: 'a' }, { name: 'b', partitions: [1, 2] }],
  });

  beforeAll(async () => {
    await ordinary.initialize();
    await cluster.initialize();
  });

  afterAll(async () => {
    await cluster.destroy();
    await ordinary.destroy();
  });

  const columnsOf = async (source: DataSource, table: string) =>
    (await source.query(`PRAGMA table_info("${table}")`)).map(({ name }: { name: string }) => name);

  it('has no position column there, while shards have one', async () => {
    expect(await columnsOf(ordinary, 'user')).toEqual(['guid', 'name']);
    expect(await columnsOf(cluster.shard('a').dataSource, 'user')).toEqual(['guid', 'name', '_shard_position']);
    expect(ordinary.getMetadata(User).columns.map(({ propertyName }) => propertyName)).toEqual(['guid', 'name']);
    expect(ordinary.getMetadata(User).indices).toEqual([]);
  });

  it('has its own table there, without the suffix of a partition', async () => {
    expect(ordinary.getMetadata(User).tableName).toBe('user');
    expect(cluster.shard('b:2').dataSource.getMetadata(User).tableName).toBe('user_p2');
  });

  it('keeps its rows apart', async () => {
    await ordinary.getRepository(User).save({ guid: 'u', name: 'ordinary' });
    await cluster.getRepository(User).save({ guid: 'u', name: 'sharded' });
    expect(await ordinary.getRepository(User).findOneByOrFail({ guid: 'u' })).toEqual({ guid: 'u', name: 'ordinary' });
    expect(await cluster.getRepository(User).findOneByOrFail({ guid: 'u' })).toEqual({ guid: 'u', name: 'sharded' });
  });

  it('can change a key there, and be written without one', async () => {
    const users = ordinary.getRepository(User);
    await users.save({ guid: 'old', name: 'n' });
    await users.update({ name: 'n' }, { guid: 'new' });
    expect(await users.findBy({ name: 'n' })).toEqual([{ guid: 'new', name: 'n' }]);
  });

  it('carries nothing of the position when it is made by hand', () => {
    expect(Object.keys(Object.assign(new User(), { guid: 'u', name: 'n' }))).toEqual(['guid', 'name']);
    expect('_shard_position' in new User()).toBe(false);
  });

  describe('as an active record', () => {
    afterEach(() => User.useDataSource(cluster));

    it('belongs to the data source that was opened last, as TypeORM has it, and never to a shard', () => {
      expect(User.getRepository().manager.dataSource).toBe(cluster);
    });

    it('goes back to the ordinary data source that takes it', async () => {
      User.useDataSource(ordinary);
      expect(User.getRepository().manager.dataSource).toBe(ordinary);
      expect(await User.findOneByOrFail({ guid: 'u' })).toMatchObject({ name: 'ordinary' });
    });

    it('stays where it is when its sharding is described', async () => {
      User.useDataSource(ordinary);
      await describeSharding([User, Order], { type: 'sqljs' });
      expect(User.getRepository().manager.dataSource).toBe(ordinary);
    });
  });

  it('keeps its lazy relations when its sharding is described', async () => {
    await cluster.getRepository(Order).save({ id: 1, userGuid: 'u' });
    await describeSharding([User, Order], { type: 'sqljs' });
    const user = await cluster.getRepository(User).findOneByOrFail({ guid: 'u' });
    expect(await user.orders).toEqual([{ id: 1, userGuid: 'u' }]);
    expect(await Object.assign(new User(), { guid: 'u' }).orders).toEqual([{ id: 1, userGuid: 'u' }]);
  });
});
