import { EntityNotFoundError, QueryFailedError } from 'typeorm';
import { ShardError, ShardingError, ShardsFailedError } from '../../src';
import { sampledKinds } from '../database';
import { Account, Note } from './fixtures/account';
import { keyPair } from './fixtures/keys-on';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';
import { Post, Reply, Topic } from './fixtures/topic';

const SECRET = 'secret-value';
const row = (key: string) => ({ key, name: SECRET, score: 1, level: 1 });

describe.each(sampledKinds)('An error (%s)', (kind) => {
  let test: TestCluster;
  let here: string;
  let there: string;

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note, Topic, Post, Reply] });
    [here, there] = keyPair(test.cluster, Account, SECRET);
  });
  afterEach(() => test?.stop());

  async function thrownBy(call: () => Promise<unknown>): Promise<Error> {
    const error: unknown = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    return error as Error;
  }

  it('of a duplicate key names the shard and has TypeORM’s as its cause', async () => {
    const accounts = test.cluster.getRepository(Account);
    await accounts.insert([row(here), row(there)]);
    const one = await thrownBy(() => accounts.insert(row(there)));
    const all = await thrownBy(() => accounts.insert([row(here), row(there)]));

    expect(one).toBeInstanceOf(ShardError);
    expect(one).toMatchObject({ code: 'ERR_SHARD_FAILED', shard: 's2', retryable: false, cause: expect.any(QueryFailedError) });
    expect(all).toBeInstanceOf(ShardsFailedError);
    expect(all.cause).toBeInstanceOf(AggregateError);
    expect((all as ShardsFailedError).failed.map(({ shard }) => shard).sort()).toEqual(['s1', 's2']);
    expectNoSecret(one, all);
  });

  it('of a missing table, and of a value that does not fit, does so too', async () => {
    const topics = test.cluster.getRepository(Topic);
    const { dataSource } = test.cluster.shard(test.cluster.shardFor(Account, here).name);
    for (const table of ['note', 'account']) await dataSource.query(`DROP TABLE ${dataSource.driver.escape(table)}`);
    const missing = await thrownBy(() => test.cluster.getRepository(Account).findOneBy({ key: here }));
    const invalid = await thrownBy(() => topics.findOneBy({ id: SECRET }));
    const wrong = await thrownBy(() => topics.insert({ title: null as never }));

    expect(missing).toMatchObject({ code: 'ERR_SHARD_FAILED', shard: 's1', cause: expect.any(QueryFailedError) });
    expect(invalid).toMatchObject({ code: 'ERR_SHARD_KEY_INVALID', property: 'Topic.id' });
    expect(wrong).toMatchObject({ code: 'ERR_SHARD_FAILED', cause: expect.any(QueryFailedError) });
    expectNoSecret(missing, invalid, wrong);
  });

  it('never holds a key or a value of a row in its message', async () => {
    const accounts = test.cluster.getRepository(Account);
    await accounts.save(row(here));
    const stored = await accounts.findOneByOrFail({ key: here });
    stored.key = there;
    const errors = [
      await thrownBy(() => accounts.save(stored)),
      await thrownBy(() => accounts.update({ key: here }, { key: there })),
      await thrownBy(() => accounts.upsert(row(here), ['name'])),
      await thrownBy(() => accounts.delete({ name: SECRET })),
      await thrownBy(() => accounts.find({ where: { name: SECRET }, lock: { mode: 'pessimistic_read' } })),
      await thrownBy(() => accounts.findPage({ where: { name: SECRET }, limit: 1, after: SECRET })),
      await thrownBy(() => accounts.withScatter({ mode: 'forbid' }).find({ where: { name: SECRET } })),
      await thrownBy(() =>
        accounts.createQueryBuilder('a').where('a.name = :name', { name: SECRET }).setLock('pessimistic_read').getMany(),
      ),
      await thrownBy(() => accounts.findOneBy({ key: `${SECRET}\0` })),
      await thrownBy(() => accounts.findOneBy({ key: `${SECRET}\ud800` })),
      await thrownBy(() =>
        accounts.insert({ ...row(here), key: SECRET.repeat(1000) }).then(() => accounts.insert({ ...row(here), key: SECRET.repeat(1000) })),
      ),
      await thrownBy(() => accounts.forKey(here).findOneBy({ key: there })),
      await thrownBy(() => accounts.save({ ...row(here), notes: [{ id: 'n', accountKey: there, text: SECRET }] })),
      await thrownBy(() => test.cluster.getRepository(Note).insert({ id: 'n', text: SECRET })),
      await thrownBy(() => accounts.findOneByOrFail({ key: `${SECRET} none` })),
      await thrownBy(() => accounts.findOneOrFail({ where: { key: `${SECRET} none`, name: SECRET } })),
      await thrownBy(() =>
        test.cluster.transaction(async (manager) => {
          await manager.insert(Account, row(there));
          await manager.insert(Account, row(here));
        }),
      ),
    ];

    expect(errors.filter((error) => !(error instanceof ShardingError) && !(error instanceof EntityNotFoundError))).toEqual([]);
    expectNoSecret(...errors);
  });

  it('of a row that is not there is TypeORM’s, with the criteria as a field', async () => {
    const error = await thrownBy(() => test.cluster.getRepository(Account).findOneByOrFail({ key: there }));

    expect(error).toBeInstanceOf(EntityNotFoundError);
    expect(error).toMatchObject({ entityClass: Account, criteria: { key: there } });
  });

  it('of a listener or of the caller’s own code passes as it is', async () => {
    const own = new Error('own');
    const failing = test.cluster.getRepository(Account).extend({
      fail(): Promise<never> {
        return Promise.reject(own);
      },
    });

    expect(await thrownBy(() => failing.fail())).toBe(own);
    expect(await thrownBy(() => test.cluster.transaction(() => Promise.reject(own)))).toBe(own);
  });
});

function expectNoSecret(...errors: readonly Error[]): void {
  for (const { message } of errors) expect(message).not.toContain(SECRET);
}
