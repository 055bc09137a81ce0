import { randomUUID } from 'node:crypto';
import { RelatedKeyError, ShardKeyChangedError, ShardKeyMissingError } from '../../src';
import { sampledKinds } from '../database';
import { expectedPosition, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';
import { Post, Reply, Topic } from './fixtures/topic';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A new topic with posts and their replies, as plain as an application may write it. */
const topicTree = (title: string) => ({
  title,
  posts: [
    { text: 'first', replies: [{ text: 'a' }, { text: 'b' }] },
    { text: 'second', replies: [{ text: 'c' }] },
  ],
});

describe.each(sampledKinds)('A shard key that TypeORM would generate (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Topic, Post, Reply] });
  });
  afterAll(() => test?.stop());
  beforeEach(async () => {
    for (const entity of [Reply, Post, Topic]) await test.cluster.manager.deleteAll(entity);
  });

  async function expectSoundRows(entity: typeof Topic | typeof Post | typeof Reply, key: 'id' | 'topicId', count: number): Promise<void> {
    const rows = await storedRows(test.cluster, entity);
    expect(rows).toHaveLength(count);
    for (const { shard, row } of rows) {
      expect(shard).toBe(test.cluster.shardFor(entity, String(row[key])).name);
      expect(String(row._shard_position)).toBe(expectedPosition(String(row[key])));
    }
  }

  it('is chosen before the shard is, for saved and for inserted rows', async () => {
    const topics = test.cluster.getRepository(Topic);
    const saved = await topics.save(Array.from({ length: 12 }, (_, number) => topics.create({ title: `saved ${number}` })));
    const inserted = await topics.insert(Array.from({ length: 12 }, (_, number) => ({ title: `inserted ${number}` })));
    const ids = [...saved.map(({ id }) => id), ...inserted.identifiers.map(({ id }) => id as string)];

    expect(ids.every((id) => UUID.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(24);
    expect(await Promise.all(ids.map(async (id) => (await topics.findOneBy({ id }))?.id))).toEqual(ids);
    expect(new Set((await storedRows(test.cluster, Topic)).map(({ shard }) => shard)).size).toBe(2);
    await expectSoundRows(Topic, 'id', 24);
  });

  it('costs no statement more than on one database', async () => {
    const topics = test.cluster.getRepository(Topic);
    const sent = await test.log.during(() => topics.save({ title: 'counted' }));

    expect(sent.filter(({ sql }) => /^SELECT/i.test(sql))).toEqual([]);
    expect(sent.filter(({ sql }) => /^INSERT/i.test(sql))).toHaveLength(1);
  });

  it('reaches children and grandchildren that are saved with it', async () => {
    const saved = await test.cluster.getRepository(Topic).save(Array.from({ length: 8 }, (_, number) => topicTree(`tree ${number}`)));

    await expectSoundRows(Topic, 'id', 8);
    await expectSoundRows(Post, 'topicId', 16);
    await expectSoundRows(Reply, 'topicId', 24);
    for (const { id } of saved) {
      const found = await test.cluster
        .getRepository(Topic)
        .findOneOrFail({ where: { id: id as string }, relations: { posts: { replies: true } } });
      expect(found.posts.flatMap(({ replies }) => replies.map(({ topicId }) => topicId))).toEqual([id, id, id]);
    }
  });

  it('is taken from the related row that a child is saved with', async () => {
    const topic = await test.cluster.getRepository(Topic).save({ title: 'parent' });
    const post = await test.cluster.getRepository(Post).save({ text: 'child', topic });

    expect(await test.cluster.getRepository(Post).findOneBy({ id: post.id, topicId: topic.id as string })).toMatchObject({ text: 'child' });
    await expectSoundRows(Post, 'topicId', 1);
  });

  it('is refused when missing where it cannot be chosen', async () => {
    const sent = await test.log.during(async () => {
      await expect(test.cluster.getRepository(Post).save({ text: 'no topic' })).rejects.toThrow(ShardKeyMissingError);
      await expect(test.cluster.getRepository(Post).insert({ text: 'no topic' })).rejects.toThrow(ShardKeyMissingError);
      await expect(test.cluster.getRepository(Post).preload({ id: randomUUID() })).rejects.toThrow(ShardKeyMissingError);
      await expect(test.cluster.getRepository(Topic).preload({ title: 'no id' })).rejects.toThrow(ShardKeyMissingError);
    });

    expect(sent).toEqual([]);
  });

  it('is found in upper case as in lower case', async () => {
    const id = randomUUID();
    await test.cluster.getRepository(Topic).insert({ id, title: 'case' });

    expect(test.cluster.shardFor(Topic, id.toUpperCase())).toBe(test.cluster.shardFor(Topic, id));
  });

  it('must be one for all rows that are saved together', async () => {
    const topics = test.cluster.getRepository(Topic);
    const [topic, other] = [await topics.save(topicTree('own')), await topics.save(topicTree('other'))];
    const foreignPost = await test.cluster.getRepository(Post).findOneByOrFail({ topicId: other.id as string, text: 'first' });
    const before = await storedRows(test.cluster, Post);
    const calls = [
      () => topics.save({ id: topic.id as string, posts: [{ text: 'x', topicId: randomUUID() }] }),
      () => topics.save({ id: topic.id as string, posts: [foreignPost] }),
      () => topics.save({ id: topic.id as string, posts: [{ text: 'x', replies: [{ text: 'y', topicId: randomUUID() }] }] }),
    ];

    const sent = await test.log.during(async () => {
      for (const call of calls) await expect(call()).rejects.toThrow(RelatedKeyError);
    });

    expect(sent).toEqual([]);
    expect(await storedRows(test.cluster, Post)).toEqual(before);
  });

  it('does not change for a stored child that is named by its id alone under another parent', async () => {
    const topics = test.cluster.getRepository(Topic);
    const owner = await topics.save({ title: 'owner', posts: [{ text: 'mine' }] });
    const { name } = test.cluster.shardFor(Topic, owner.id as string);
    const neighbour = Array.from({ length: 200 }, () => randomUUID()).find(
      (id) => test.cluster.shardFor(Topic, id).name === name,
    ) as string;
    await topics.insert({ id: neighbour, title: 'neighbour' });
    const [post] = await test.cluster.getRepository(Post).findBy({ topicId: owner.id as string });

    await expect(topics.save({ id: neighbour, posts: [{ id: post!.id, text: 'stolen' }] })).rejects.toThrow(ShardKeyChangedError);
    expect(await test.cluster.getRepository(Post).findOneBy({ id: post!.id, topicId: owner.id as string })).toMatchObject({ text: 'mine' });
    await expectSoundRows(Post, 'topicId', 1);
  });
});
