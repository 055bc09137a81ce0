import { type EntityTarget, In, MoreThan, type ObjectLiteral } from 'typeorm';
import { ShardKeyChangedError } from '../../src';
import { sampledKinds } from '../database';
import {
  Car,
  Member,
  type Parrot,
  ParrotSchema,
  Robot,
  RobotSchema,
  seen,
  Truck,
  Vehicle,
  Watched,
  WatchedSubscriber,
} from './fixtures/entity-kinds';
import { expectedPosition, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const entities = [Member, ParrotSchema, RobotSchema, Vehicle, Car, Truck, Watched];
const KEYS = Array.from({ length: 10 }, (_, number) => `kind ${number}`);

describe.each(sampledKinds)('On a cluster (%s)', (kind) => {
  let test: TestCluster;

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities, options: { subscribers: [WatchedSubscriber] } });
  });
  afterEach(() => test?.stop());

  async function expectSoundRows(entity: EntityTarget<ObjectLiteral>, count: number): Promise<void> {
    const rows = await storedRows(test.cluster, entity);
    expect(rows).toHaveLength(count);
    for (const { shard, row } of rows) {
      expect(shard).toBe(test.cluster.shardFor(entity, String(row.key)).name);
      expect(String(row._shard_position)).toBe(expectedPosition(String(row.key)));
    }
  }

  it('an active record calls the cluster, not the shard that opened last', async () => {
    for (const [age, key] of KEYS.entries()) await Member.create({ key, age }).save();
    const member = await Member.findOneByOrFail({ key: KEYS[3]! });
    member.age = 77;
    await member.save();
    await member.reload();

    expect(await Member.count()).toBe(10);
    expect(await Member.findBy({ key: In(KEYS.slice(0, 4)) })).toHaveLength(4);
    expect((await Member.findOneByOrFail({ key: KEYS[3]! })).age).toBe(77);
    expect((await Member.update({ key: KEYS[3]! }, { age: 78 })).affected).toBe(1);
    await expectSoundRows(Member, 10);
    await Member.upsert({ key: KEYS[3]!, age: 79 }, ['key']);
    await member.remove();
    expect(await Member.countBy({ key: KEYS[3]! })).toBe(0);
    expect(await Member.olderThan(1)).toBe(await Member.countBy({ age: MoreThan(1) }));
    expect(Member.getRepository()).toBe(test.cluster.getRepository(Member));
  });

  it('an entity schema without a class works by its name and by itself', async () => {
    const parrots = test.cluster.getRepository<Parrot>('parrot');
    await parrots.save(KEYS.map((key, words) => ({ key, words })));
    await test.cluster.getRepository(ParrotSchema).update({ key: KEYS[1]! }, { words: 99 });

    expect(await test.cluster.getRepository(ParrotSchema).findOneBy({ key: KEYS[1]! })).toEqual({ key: KEYS[1], words: 99 });
    expect(await test.cluster.manager.countBy(ParrotSchema, { words: 99 })).toBe(1);
    expect(await test.cluster.manager.save(ParrotSchema, { key: KEYS[1]!, words: 1 })).toEqual({ key: KEYS[1], words: 1 });
    await expectSoundRows('parrot', 10);
  });

  it('an entity schema with a class works by the class', async () => {
    const robots = test.cluster.getRepository(Robot);
    await robots.save(KEYS.map((key, wheels) => Object.assign(new Robot(), { key, wheels })));
    const found = await robots.findOneByOrFail({ key: KEYS[2]! });
    found.key = 'changed';

    await expect(test.cluster.manager.save(found)).rejects.toThrow(ShardKeyChangedError);
    expect(await test.cluster.getRepository(RobotSchema).count()).toBe(10);
    await expectSoundRows(Robot, 10);
  });

  it('classes of one table are stored by the key of their parent', async () => {
    const { manager } = test.cluster;
    await manager.save(
      KEYS.map((key, number) => (number % 2 ? manager.create(Car, { key, doors: number }) : manager.create(Truck, { key, tons: number }))),
    );
    await manager.insert(Car, { key: 'inserted', doors: 5 });
    await manager.upsert(Car, { key: 'upserted', doors: 5 }, ['key']);

    await expectSoundRows(Vehicle, 12);
    expect(await manager.findOneBy(Vehicle, { key: KEYS[1]! })).toBeInstanceOf(Car);
    expect(await manager.findOneBy(Truck, { key: KEYS[1]! })).toBeNull();
    expect(await manager.count(Car)).toBe(7);
    expect(await manager.count(Vehicle)).toBe(12);
    expect((await manager.update(Truck, { key: KEYS[2]! }, { tons: 40 })).affected).toBe(1);
    expect(await manager.sum(Truck, 'tons')).toBe(0 + 40 + 4 + 6 + 8);
    expect(test.cluster.shardFor(Car, 'x')).toBe(test.cluster.shardFor(Vehicle, 'x'));
  });

  it('subscribers and listeners see each entity once', async () => {
    const watched = test.cluster.getRepository(Watched);
    seen.length = 0;
    const saved = await watched.save(KEYS.slice(0, 3).map((key) => watched.create({ key, value: 1 })));
    expect([...seen].sort()).toEqual(
      KEYS.slice(0, 3)
        .flatMap((key) => [`listener insert ${key}`, `listener inserted ${key}`, `subscriber insert ${key}`])
        .sort(),
    );
    seen.length = 0;
    await watched.find();
    expect([...seen].sort()).toEqual(
      KEYS.slice(0, 3)
        .flatMap((key) => [`listener load ${key}`, `subscriber load ${key}`])
        .sort(),
    );
    seen.length = 0;
    await watched.save(Object.assign(saved[0]!, { value: 2 }));
    await watched.remove(saved[1]!);
    expect(seen.filter((line) => !line.includes('load'))).toEqual([
      `listener update ${KEYS[0]}`,
      `subscriber updated ${KEYS[0]}`,
      `subscriber removed ${KEYS[1]}`,
    ]);
  });
});

describe.each(sampledKinds)('On a cluster that opens its shards lazily (%s)', (kind) => {
  it('an active record calls the cluster while shards open', async () => {
    const test = await openTestCluster(kind, { entities: [Member], options: { lazy: true } });
    await Promise.all(KEYS.map((key, age) => Member.create({ key, age }).save()));

    expect(await Member.count()).toBe(10);
    expect(
      (await storedRows(test.cluster, Member)).every(({ shard, row }) => shard === test.cluster.shardFor(Member, String(row.key)).name),
    ).toBe(true);
    await test.stop();
  });
});
