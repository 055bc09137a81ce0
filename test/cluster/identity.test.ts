import { Entity, PrimaryColumn } from 'typeorm';
import { hashRing, IdentityError, modulo, ranges, ShardedDataSource, ShardKey } from '../../src';
import { createDatabases, sampledKinds, type TestDatabases } from '../database';
import { optionsFor, shardsOf, startCluster } from './fixtures/clusters';
import { Message, someUsers, User } from './fixtures/entities';
import { remembered } from './fixtures/identities';

jest.setTimeout(30_000);

@Entity()
class Reading {
  @PrimaryColumn()
  @ShardKey()
  id!: number;
}

describe.each(sampledKinds)('The identity of databases (%s)', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 4, { onDisk: true });
  });

  afterEach(() => databases.stop());

  /** Two of the databases, so that others are at hand. */
  const two = () => only(0, 2);
  const three = () => only(0, 3);
  const only = (from: number, to: number) => ({ ...databases, shards: databases.shards.slice(from, to) });

  async function startOnce(over: TestDatabases, more: object = {}): Promise<void> {
    await (await startCluster(over, { entities: [User], ...more })).destroy();
  }

  async function differencesOf(more: object): Promise<readonly string[]> {
    const refused = await new ShardedDataSource(optionsFor(two(), { entities: [User], ...more }))
      .initialize()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(IdentityError);
    expect(refused).toMatchObject({ code: 'ERR_IDENTITY' });
    return (refused as IdentityError).differences;
  }

  it('is in every database from the first start on', async () => {
    await startOnce(two());

    const [first, second] = await remembered(two());

    expect([first, second]).toMatchObject([
      [{ shard: 's1', cluster: 'default', suffix: '' }],
      [{ shard: 's2', cluster: 'default', suffix: '' }],
    ]);
    expect(first?.[0]?.cluster_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.[0]?.cluster_id).toBe(first?.[0]?.cluster_id);
  });

  it('admits the same configuration again, which changes nothing', async () => {
    await using cluster = await startCluster(two(), { entities: [User], synchronize: true });
    await cluster.getRepository(User).insert([...someUsers]);
    await cluster.destroy();
    const before = await remembered(two());

    await using again = await startCluster(two(), { entities: [User], shards: shardsOf(two()).reverse() });

    expect(await again.getRepository(User).findOneBy({ guid: 'guid-7' })).toEqual(someUsers[7]);
    expect(await remembered(two())).toEqual(before);
  });

  const changes: readonly [string, () => object, readonly RegExp[]][] = [
    ['a shard added', () => ({ shards: shardsOf(three()) }), [/user.*"s1".*over s1, s2;.*over s1, s2, s3/, /user.*"s2"/, /"s3" is new/]],
    ['a shard removed', () => ({ shards: shardsOf(two()).slice(0, 1) }), [/user.*"s1".*over s1, s2; .*over s1$/]],
    [
      'a weight changed',
      () => ({ shards: shardsOf(two(), { s2: { weight: 3 } }) }),
      [/user.*"s1".*over s1, s2;.*over s1, s2 \(weight 3\)$/, /user.*"s2"/],
    ],
    ['another ring', () => ({ placement: hashRing({ virtualNodes: 160 }) }), [/hashRing\(\) over .*virtualNodes: 160/, /"s2"/]],
    ['a shard renamed', () => ({ shards: shardsOf(two(), { s2: { name: 'x2' } }) }), [/"s1"/, /"x2" holds shard "s2".*renamed/]],
    [
      'two databases swapped',
      () => ({ shards: shardsOf(two(), { s1: { name: 's2' }, s2: { name: 's1' } }) }),
      [/"s1" holds shard "s2".*swapped/, /"s2" holds shard "s1".*swapped/],
    ],
    ['another cluster name', () => ({ name: 'other' }), [/"s1" belongs to cluster "default", not to "other"/, /"s2" belongs/]],
  ];

  it.each(changes)('refuses %s with a sentence for each difference, and writes nothing', async (_, change, sentences) => {
    await startOnce(two());
    const before = await remembered(three());

    const differences = await differencesOf({ synchronize: true, ...change() });

    expect(differences).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)));
    expect(await remembered(three())).toEqual(before);
  });

  it('says in what a placement differs when its kind and shards are the same', async () => {
    await startOnce(two(), { entities: [Reading], placement: modulo(['s1', 's2']) });

    const [difference] = await differencesOf({ entities: [Reading], placement: modulo(['s2', 's1']) });

    const [, was, is] = /were written (.*); the configuration says (.*)$/.exec(difference ?? '') ?? [];
    expect(is).toBe(`${was}, with other bounds or its shards in another order`);
  });

  it('refuses another placement', async () => {
    await startOnce(two(), { entities: [Reading], placement: modulo(['s1', 's2']) });

    const placement = ranges([
      { from: 0, shard: 's1' },
      { from: 1_000, shard: 's2' },
    ]);

    expect(await differencesOf({ entities: [Reading], placement })).toEqual([
      expect.stringMatching(/reading.*"s1".*modulo.*ranges/),
      expect.stringMatching(/reading.*"s2".*modulo.*ranges/),
    ]);
  });

  it('refuses a database of another cluster of the same name', async () => {
    const others = { ...databases, shards: only(2, 4).shards.map((shard, index) => ({ ...shard, name: `s${index + 1}` })) };
    await startOnce(two());
    await startOnce(others);
    const before = await remembered(databases);

    const differences = await differencesOf({ shards: [shardsOf(two())[0], shardsOf(others)[1]] });

    expect(differences).toEqual([expect.stringMatching(/"s2" belongs to another cluster of the same name/)]);
    expect(await remembered(databases)).toEqual(before);
  });

  it('refuses an empty database in the place of a settled one', async () => {
    await startOnce(two());
    const [first, , third] = databases.shards;
    const shards = [
      { name: 's1', ...first?.options },
      { name: 's2', ...third?.options },
    ];

    expect(await differencesOf({ shards })).toEqual([expect.stringMatching(/"s2" is new.*restored\?/)]);
    expect((await remembered(three()))[2]).toEqual([]);
  });

  it('reports the differences of all databases in one error', async () => {
    await startOnce(two());

    const refused = await differencesOf({ name: 'other', placement: hashRing({ virtualNodes: 4 }), shards: shardsOf(three()) });

    expect(refused.map((sentence) => /"s\d"/.exec(sentence)?.[0])).toEqual(['"s1"', '"s2"', '"s3"']);
  });

  it('lets a shard of weight 0 join', async () => {
    await startOnce(two());

    await startOnce(three(), { shards: shardsOf(three(), { s3: { weight: 0 } }) });

    const ids = (await remembered(three())).map(([row]) => row?.cluster_id);
    expect(new Set(ids).size).toBe(1);
  });

  it('learns an entity that the application has come to use since', async () => {
    await startOnce(two());

    await startOnce(two(), { entities: [User, Message], placement: hashRing() });

    const rows = (await remembered(two())).flat();
    expect(rows.map(({ sharding }) => Object.keys(JSON.parse(sharding ?? '').tables).sort())).toEqual([
      ['message', 'user'],
      ['message', 'user'],
    ]);
    expect(await differencesOf({ entities: [User, Message], placement: hashRing({ virtualNodes: 4 }) })).toHaveLength(4);
  });

  it('is founded anew by dropDatabase()', async () => {
    await using cluster = await startCluster(two(), { entities: [User], synchronize: true });
    const [before] = await remembered(two());

    await cluster.dropDatabase();
    await cluster.destroy();

    const after = await remembered(two());
    expect(after).toMatchObject([[{ shard: 's1' }], [{ shard: 's2' }]]);
    expect(after[0]?.[0]?.cluster_id).not.toBe(before?.[0]?.cluster_id);
    await startOnce(two());
    expect(await differencesOf({ placement: hashRing({ virtualNodes: 4 }) })).toHaveLength(2);
  });
});
