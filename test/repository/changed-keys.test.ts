import { ConflictPathsError, ShardKeyChangedError } from '../../src';
import { sampledKinds } from '../database';
import { Item, Measurement, Site } from './fixtures/key-entities';
import { keysOn } from './fixtures/keys-on';
import { expectedPosition, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

describe.each(sampledKinds)('A changed shard key (%s)', (kind) => {
  let test: TestCluster;
  let owner: string;
  let sameShard: string;
  let otherShard: string;

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Item, Site, Measurement] });
    [owner, sameShard] = keysOn(test.cluster, Item, 's1', { count: 2 }) as [string, string];
    [otherShard] = keysOn(test.cluster, Item, 's2') as [string];
    await test.cluster.getRepository(Item).save({ id: 'i', owner, name: 'first' });
  });
  afterEach(() => test?.stop());

  async function expectUnchanged(): Promise<void> {
    const rows = await storedRows(test.cluster, Item);
    expect(rows.map(({ shard, row }) => [shard, row.id, row.owner, String(row._shard_position)])).toEqual([
      ['s1', 'i', owner, expectedPosition(owner)],
    ]);
  }

  it('is refused on a loaded entity before any statement', async () => {
    const items = test.cluster.getRepository(Item);
    for (const key of [sameShard, otherShard]) {
      const loaded = await items.findOneByOrFail({ owner });
      const created = items.create(loaded);
      loaded.owner = key;
      const sent = await test.log.during(async () => {
        await expect(items.save(loaded)).rejects.toThrow(ShardKeyChangedError);
        await expect(items.remove(loaded)).rejects.toThrow(ShardKeyChangedError);
      });
      expect(sent).toEqual([]);
      expect(created.owner).toBe(owner);
    }
    await expectUnchanged();
  });

  it('is refused on an entity that was saved, in an array too', async () => {
    const items = test.cluster.getRepository(Item);
    const saved = await items.save(items.create({ id: 'i', owner, name: 'second' }));
    saved.owner = otherShard;

    expect(
      await test.log.during(() => expect(items.save([{ id: 'j', owner, name: '' }, saved])).rejects.toThrow(ShardKeyChangedError)),
    ).toEqual([]);
    await expectUnchanged();
  });

  it('is refused on the same shard for a plain object with the id of a stored row', async () => {
    const items = test.cluster.getRepository(Item);

    await expect(items.save({ id: 'i', owner: sameShard, name: 'stolen' })).rejects.toThrow(ShardKeyChangedError);
    await expect(test.cluster.transaction((manager) => manager.save(Item, { id: 'i', owner: sameShard }))).rejects.toThrow(
      ShardKeyChangedError,
    );
    await expectUnchanged();
  });

  it('is refused among the values of an update before any statement, unless it is the same', async () => {
    const items = test.cluster.getRepository(Item);
    const sent = await test.log.during(async () => {
      for (const key of [sameShard, otherShard, () => "'x'"]) {
        await expect(items.update({ owner }, { owner: key })).rejects.toThrow(ShardKeyChangedError);
        await expect(items.acrossShards().update({ name: 'first' }, { owner: key })).rejects.toThrow(ShardKeyChangedError);
        await expect(items.updateAll({ owner: key })).rejects.toThrow(ShardKeyChangedError);
      }
      await expect(test.cluster.getRepository(Site).updateAll({ place: { region: 'r' } })).rejects.toThrow(ShardKeyChangedError);
      await expect(test.cluster.getRepository(Measurement).update({ tenant: 't', device: 1 }, { device: 2 })).rejects.toThrow(
        ShardKeyChangedError,
      );
    });

    expect(sent).toEqual([]);
    expect((await items.update({ owner }, { owner, name: 'same' })).affected).toBe(1);
    await expectUnchanged();
  });

  it('is refused for an upsert whose conflict paths lack the key', async () => {
    const items = test.cluster.getRepository(Item);
    const sent = await test.log.during(async () => {
      await expect(items.upsert({ id: 'i', owner: otherShard, name: '' }, ['id'])).rejects.toThrow(ConflictPathsError);
      await expect(items.upsert({ id: 'i', owner: otherShard, name: '' }, { conflictPaths: { id: true } })).rejects.toThrow(
        ConflictPathsError,
      );
      await expect(test.cluster.getRepository(Measurement).upsert({ tenant: 't', device: 1, value: 1 }, ['tenant'])).rejects.toThrow(
        ConflictPathsError,
      );
    });

    expect(sent).toEqual([]);
    await expectUnchanged();
  });

  it('is allowed for a new entity that was never stored, and after a removal', async () => {
    const items = test.cluster.getRepository(Item);
    const fresh = items.create({ id: 'n', owner, name: '' });
    fresh.owner = otherShard;
    await items.save(fresh);
    await items.remove(fresh);
    await items.save(Object.assign(fresh, { id: 'n', owner: sameShard }));

    expect(await items.findOneBy({ owner: sameShard })).toMatchObject({ id: 'n' });
    await items.delete({ owner: sameShard });
    await expectUnchanged();
  });
});
