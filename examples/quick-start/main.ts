import { randomUUID } from 'node:crypto';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { ShardedDataSource, ShardKey } from 'typeorm-sharding';

@Entity()
class User {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column() name!: string;
}

@Entity()
class Order {
  @PrimaryColumn('uuid') id!: string;
  @ShardKey(() => User) @Column() userGuid!: string; // stored beside its user
}

async function main(): Promise<void> {
  const shards = [{ name: 'shard-1' }, { name: 'shard-2' }, { name: 'shard-3' }];
  const cluster = new ShardedDataSource({ type: 'sqljs', entities: [User, Order], synchronize: true, shards });
  await cluster.initialize();

  const users = cluster.getRepository(User);
  await users.save(users.create({ guid: 'ada', name: 'Ada' }));
  await cluster.getRepository(Order).insert({ id: randomUUID(), userGuid: 'ada' });

  console.log(await users.findOneBy({ guid: 'ada' }));
  console.log(`ada lives on ${cluster.shardFor(User, 'ada').name}, like her orders: ${cluster.shardFor(Order, 'ada').name}`);
  console.log(await users.explain({ where: { guid: 'ada' } }));
  await cluster.destroy();
}

void main();
