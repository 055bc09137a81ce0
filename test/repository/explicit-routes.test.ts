import { In, Repository } from 'typeorm';
import { ShardRequiredError, UnknownShardError, WrongShardError } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note, someAccounts } from './fixtures/account';
import { keyPair } from './fixtures/keys-on';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const row = (key: string) => ({ key, name: 'n', score: 1, level: 1 });

describe.each(sampledKinds)('A repository with a named shard (%s)', (kind) => {
  let test: TestCluster;
  let here: string;
  let there: string;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note] });
    await test.cluster.getRepository(Account).save(someAccounts());
    [here, there] = keyPair(test.cluster, Account, 'a');
  });
  afterAll(() => test?.stop());

  it('asks by forKey() only the shard of the key, also in order and by pages', async () => {
    const accounts = test.cluster.getRepository(Account).forKey(here);
    const own = await test.cluster.shard('s1').dataSource.getRepository(Account).count();

    expect(await test.log.shardsDuring(() => accounts.find({ order: { name: 'ASC' }, skip: 1, take: 1 }))).toEqual(['s1']);
    expect(await accounts.count()).toBe(own);
    expect(await accounts.average('score')).toEqual(await test.cluster.shard('s1').dataSource.getRepository(Account).average('score'));
    expect((await accounts.update({ level: 2 }, { level: 2 })).affected).toBeLessThanOrEqual(own);
    expect(await accounts.createQueryBuilder('account').getCount()).toBe(own);
    expect(await test.log.shardsDuring(() => accounts.query('SELECT 1'))).toEqual(['s1']);
    expect(await test.log.shardsDuring(() => accounts.sql`SELECT 1`)).toEqual(['s1']);
  });

  it('refuses by forKey() what proves another shard, before any statement', async () => {
    const accounts = test.cluster.getRepository(Account).forKey(here);
    const sent = await test.log.during(async () => {
      await expect(accounts.findOneBy({ key: there })).rejects.toThrow(WrongShardError);
      await expect(accounts.findBy({ key: In([here, there]) })).rejects.toThrow(WrongShardError);
      await expect(accounts.delete(there)).rejects.toThrow(WrongShardError);
      await expect(accounts.save(row(there))).rejects.toThrow(WrongShardError);
      await expect(accounts.insert(row(there))).rejects.toThrow(WrongShardError);
      await expect(accounts.preload({ key: there })).rejects.toThrow(WrongShardError);
      expect(() => accounts.forKey(Number.NaN)).toThrow('cannot route');
    });

    expect(sent).toEqual([]);
  });

  it('goes by onShard() to the named shard whatever criteria say, but writes no row of another', async () => {
    const accounts = test.cluster.getRepository(Account).onShard('s1');

    expect(await test.log.shardsDuring(() => accounts.findBy({ key: there }))).toEqual(['s1']);
    expect(await accounts.findBy({ key: In([here, there]) })).toHaveLength(1);
    expect(await test.log.during(() => expect(accounts.save(row(there))).rejects.toThrow(WrongShardError))).toEqual([]);
    expect(await test.log.during(() => expect(accounts.upsert(row(there), ['key'])).rejects.toThrow(WrongShardError))).toEqual([]);
    expect(() => test.cluster.getRepository(Account).onShard('s9')).toThrow(UnknownShardError);
  });

  it('goes by acrossShards() to every shard, also with a key', async () => {
    const accounts = test.cluster.getRepository(Account).acrossShards();

    expect(await test.log.shardsDuring(() => accounts.findBy({ key: here }))).toEqual(['s1', 's2']);
    expect(await test.log.shardsDuring(() => accounts.save(row('single')))).toEqual([test.cluster.shardFor(Account, 'single').name]);
    await accounts.delete('single');
  });

  it('explains a call without sending it', async () => {
    const accounts = test.cluster.getRepository(Account);
    const sent = await test.log.during(async () => {
      const one = await accounts.explain({ where: { key: here }, order: { name: 'ASC' } });
      expect(one).toMatchObject({ route: 'one', shards: ['s1'], statements: [{ shard: 's1' }] });
      expect(one.statements[0]?.sql).toMatch(/^SELECT .* WHERE .* ORDER BY/s);
      expect(await accounts.explain({ where: { key: In([here, there]) } })).toMatchObject({ shards: ['s1', 's2'] });
      expect(await accounts.explain({ where: { name: 'x' } })).toMatchObject({ route: 'all', shards: ['s1', 's2'] });
      expect(await accounts.explain({ where: { key: In([]) } })).toMatchObject({ route: 'none', shards: [], statements: [] });
      expect(await accounts.onShard('s2').explain()).toMatchObject({ route: 'one', shards: ['s2'] });
      expect(JSON.stringify(await accounts.explain({ where: { key: 'secret-key' } }))).not.toContain('secret-key');
    });

    expect(sent).toEqual([]);
  });

  it('gives what a manager gives', async () => {
    const { manager } = test.cluster;

    expect(await manager.forKey(Account, here).getRepository(Account).count()).toBe(
      await test.cluster.shard('s1').dataSource.getRepository(Account).count(),
    );
    expect(await manager.onShard('s1').countBy(Account, { key: there })).toBe(0);
    expect((await manager.acrossShards().update(Account, { level: 2 }, { level: 2 })).affected).toBe(4);
    expect(await manager.explain(Account, { where: { key: here } })).toMatchObject({ route: 'one' });
    expect(() => manager.forKey(test.cluster.getMetadata(Account).target, { key: Number.NaN } as never)).toThrow('cannot route');
  });
});

describe.each(sampledKinds)('A repository of a cluster (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], ordinary: true });
    for (const { manager } of [test.cluster, test.ordinary]) await manager.save(Account, someAccounts());
  });
  afterAll(() => test?.stop());

  it('is an instance of TypeORM’s, with target, manager and metadata', () => {
    const accounts: Repository<Account> = test.cluster.getRepository(Account);

    expect(accounts).toBeInstanceOf(Repository);
    expect(accounts.target).toBe(Account);
    expect(accounts.manager).toBe(test.cluster.manager);
    expect(accounts.queryRunner).toBeUndefined();
    expect(accounts.metadata).toBe(test.cluster.getMetadata(Account));
    expect(test.cluster.getRepository(Account)).toBe(accounts);
    expect(test.cluster.getRepository('Account').target).toBe('Account');
  });

  it('can be extended, and keeps its shards', async () => {
    const accounts = test.cluster.getRepository(Account).extend({
      top(this: Repository<Account>, score: number) {
        return this.createQueryBuilder('a').where('a.score >= :score', { score }).getCount();
      },
      named(this: Repository<Account>, name: string) {
        return this.countBy({ name });
      },
    });

    expect(await accounts.named('name 1')).toBe(3);
    expect(await accounts.forKey('a4').named('name 0')).toBeGreaterThan(0);
    expect(await accounts.onShard('s1').top(0)).toBe(await test.cluster.shard('s1').dataSource.getRepository(Account).count());
    expect(await accounts.top(0)).toBe(await test.cluster.getRepository(Account).count());
  });

  it('can be taken to another manager, and others to its manager', async () => {
    const custom = test.ordinary.getRepository(Account).extend({
      named(this: Repository<Account>, name: string) {
        return this.countBy({ name });
      },
    });
    const shard = test.cluster.shard('s1').dataSource;

    expect(await test.cluster.manager.withRepository(custom).named('name 1')).toBe(3);
    expect(await test.log.shardsDuring(() => test.cluster.manager.withRepository(custom).findOneBy({ key: 'a4' }))).toHaveLength(1);
    const onShard = shard.manager.withRepository(test.cluster.getRepository(Account));
    expect(await onShard.count()).toBe(await shard.getRepository(Account).count());
    expect(await onShard.acrossShards().count()).toBe(12);
    const elsewhere = test.ordinary.manager.withRepository(test.cluster.getRepository(Account));
    expect(await elsewhere.count({ where: { name: 'name 1' } })).toBe(3);
    expect(() => elsewhere.acrossShards()).toThrow(ShardRequiredError);
  });

  it('leaves find options as they were given', async () => {
    const where = { level: In([1, 2]), notes: { text: In(['x']) } };
    const options = { where, relations: { notes: true }, order: undefined };
    const accounts = test.cluster.getRepository(Account);

    expect(await accounts.count({ where: { level: where.level } })).toBe(8);
    expect(await accounts.count({ where: { level: where.level } })).toBe(8);
    await accounts.find(options);
    expect(where.level.value).toEqual([1, 2]);
    const one = { where: { key: 'a4', level: In([1]) } };
    expect(await accounts.find(one)).toHaveLength(1);
    expect(await accounts.find(one)).toHaveLength(1);
    await accounts.update(one.where, { level: 1 });
    expect(await accounts.count(one)).toBe(1);
  });

  it('answers arrays in the order given', async () => {
    const notes = test.cluster.getRepository(Note);
    const rows = someAccounts().map(({ key }) => ({ id: `ordered ${key}`, accountKey: key as string, text: `of ${key}` }));
    rows.reverse();
    const saved = await notes.save(rows.map((note) => notes.create(note)));
    const inserted = await notes.insert(rows.map((note) => ({ ...note, id: `inserted ${note.accountKey}` })));

    expect(saved.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(inserted.identifiers).toEqual(rows.map(({ accountKey }) => ({ id: `inserted ${accountKey}` })));
    const accounts = rows.map(({ accountKey }) => Object.assign(new Account(), { key: accountKey }));
    const softened = await test.cluster.getRepository(Account).softRemove(accounts);
    expect(softened.map(({ key }) => key)).toEqual(rows.map(({ accountKey }) => accountKey));
    expect(await test.cluster.getRepository(Account).count()).toBe(0);
  });
});
