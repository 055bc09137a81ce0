import { sampledKinds } from '../../database';
import { Account, Note } from '../fixtures/account';
import { openTestCluster, type TestCluster } from '../fixtures/test-cluster';

describe.each(sampledKinds)('A stream of several shards (%s)', (kind) => {
  let test: TestCluster;
  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Account, Note], shards: 2, options: { poolSize: 1 } });
    // More than the buffers of a stream hold.
    const rows = Array.from({ length: 4_000 }, (_, at) => ({ key: `k${at}`, name: 'n'.repeat(50), score: 1, level: 1 }));
    for (let from = 0; from < rows.length; from += 1_000) await test.cluster.getRepository(Account).insert(rows.slice(from, from + 1_000));
  });
  afterAll(() => test?.stop());
  // The only connection of each pool is free again.
  afterEach(async () => expect(await test.cluster.getRepository(Account).count()).toBe(4_000));

  const read = async (limits: object, most: number) => {
    const accounts = test.cluster.getRepository(Account).withScatter(limits);
    let given = 0;
    for await (const _row of await accounts.createQueryBuilder('a').stream()) if (++given === most) break;
    return given;
  };

  // SQLite does not stream, and PostgreSQL does with a package that is not installed here.
  if (kind !== 'mariadb') {
    it('fails where the driver cannot stream, and holds no connection', async () => {
      await expect(read({}, 1)).rejects.toThrow();
    });
    return;
  }

  it.each([{}, { maxRows: 10_000, timeoutMs: 10_000 }])('gives its connections back when it is left early, with %j', async (limits) => {
    for (let time = 0; time < 2; time += 1) expect(await read(limits, 1)).toBe(1);
    expect(await test.cluster.getRepository(Account).count()).toBe(4_000);
  });

  it('gives the connection back when a stream of one shard is left early, or never read', async () => {
    const { name } = test.cluster.shardFor(Account, 'k1');
    const on = test.cluster.getRepository(Account).onShard(name);
    for (let time = 0; time < 3; time += 1) {
      for await (const _row of await on.createQueryBuilder('a').stream()) break;
      (await on.createQueryBuilder('a').where('a.key = :key', { key: 'k1' }).stream()).destroy();
    }
    const keys: unknown[] = [];
    for await (const row of await on.createQueryBuilder('a').where('a.key = :key', { key: 'k1' }).stream()) keys.push(row);

    expect(keys).toEqual([expect.objectContaining({ a_key: 'k1' })]);
  });

  it('gives all rows', async () => {
    expect(await read({}, 5_000)).toBe(4_000);
  });

  it('counts its rows', async () => {
    await expect(read({ maxRows: 5 }, 10)).rejects.toMatchObject({ code: 'ERR_SCATTER_BUDGET' });
    expect(await read({ maxRows: 5 }, 5)).toBe(5);
  });
});
