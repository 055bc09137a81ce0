/** What a user writes first; compiled and run as CommonJS and as an ES module against the packed library. */
import { Column, DataSource, Entity, PrimaryColumn, type Repository } from 'typeorm';
import { hashRing, ShardedDataSource, ShardKey, ShardKeyMissingError } from 'typeorm-sharding';

@Entity()
class User {
  @PrimaryColumn()
  @ShardKey()
  guid!: string;

  @Column()
  name!: string;
}

async function main(): Promise<void> {
  const cluster = new ShardedDataSource({
    type: 'sqljs',
    entities: [User],
    synchronize: true,
    shards: [{ name: 'a' }, { name: 'b', weight: 2 }],
    placement: hashRing({ virtualNodes: 160 }),
  });
  await cluster.initialize();
  const users: Repository<User> = cluster.getRepository(User);
  await users.save([users.create({ guid: 'g1', name: 'Ada' }), users.create({ guid: 'g2', name: 'Grace' })]);
  const found = await users.findOneBy({ guid: 'g2' });
  const refused = await users.save(users.create({ name: 'nobody' })).catch((error: unknown) => error);
  const owner = cluster.shardFor(User, 'g2').name;
  await cluster.destroy();

  const isRefused: boolean = refused instanceof ShardKeyMissingError;
  console.log(JSON.stringify({ name: found?.name, owner, isRefused, isDataSource: cluster instanceof DataSource }));
}

void main();
