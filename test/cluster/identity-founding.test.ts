import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { hashRing, IdentityError, ShardedDataSource } from '../../src';
import { createDatabases, databaseKinds, sampledKinds, serverKinds, type TestDatabases } from '../database';
import { optionsFor, shardsOf, sqlOn, startCluster } from './fixtures/clusters';
import { describeOn } from './fixtures/describe-on';
import { User } from './fixtures/entities';
import { remembered } from './fixtures/identities';

jest.setTimeout(30_000);

const FOUNDING = 'founding:';

/** How a first start leaves each of three databases. */
const cuts: readonly [string, readonly ('new' | 'founding' | 'settled')[]][] = [
  ['after it founded the first database', ['founding', 'new', 'new']],
  ['before it founded the last database', ['founding', 'founding', 'new']],
  ['between founding and settling', ['founding', 'founding', 'founding']],
  ['after it settled the first database', ['settled', 'founding', 'founding']],
  ['before it settled the last database', ['settled', 'settled', 'founding']],
];

describe.each(sampledKinds)('A first start (%s)', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3, { onDisk: true });
  });

  afterEach(() => databases.stop());

  async function start(more: object = {}): Promise<void> {
    await (await startCluster(databases, { entities: [User], ...more })).destroy();
  }

  async function expectSettled(): Promise<string> {
    const rows = (await remembered(databases)).map(([row]) => row);
    const [id] = rows.map((row) => row?.cluster_id);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(rows.map((row) => [row?.shard, row?.cluster_id])).toEqual(databases.shards.map(({ name }) => [name, id]));
    return id ?? '';
  }

  /** Takes settled databases back to what a cut left. */
  async function rewind(states: (typeof cuts)[number][1]): Promise<void> {
    const q = databases.type === 'postgres' ? '"' : '`';
    const table = `${q}_shard_identity${q}`;
    const id = await expectSettled();
    for (const [index, shard] of databases.shards.entries()) {
      if (states[index] === 'new') await sqlOn(databases, shard, `delete from ${table}`);
      if (states[index] === 'founding') await sqlOn(databases, shard, `update ${table} set cluster_id = '${FOUNDING}${id}'`);
    }
  }

  it.each(cuts)('that was cut short %s is completed by the next', async (_, states) => {
    await start();
    const id = await expectSettled();
    await rewind(states);

    await start();

    expect(await expectSettled()).toBe(id);
  });

  it('that was cut short binds the next one to its placement', async () => {
    await start();
    await rewind(['founding', 'new', 'new']);
    const before = await remembered(databases);

    await expect(start({ placement: hashRing({ virtualNodes: 4 }) })).rejects.toBeInstanceOf(IdentityError);

    expect(await remembered(databases)).toEqual(before);
  });

  it('killed before it founded the second database is completed by the next', async () => {
    const file = join(__dirname, 'fixtures', 'start-and-die.ts');
    const hook = join(__dirname, '..', 'database', 'fixtures', 'run-typescript.js');
    const options = JSON.stringify(optionsFor(databases, {}));
    const child = spawn(process.execPath, ['--require', hook, file, options, 'INSERT INTO .*_shard_identity', '2'], { stdio: 'inherit' });
    const [code, signal] = await once(child, 'exit');
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    const left = (await remembered(databases)).flat();
    expect(left).toHaveLength(1);
    expect(left[0]?.cluster_id).toMatch(/^founding:/);

    await start();

    expect(left[0]?.cluster_id).toMatch(await expectSettled());
  });

  it('of a cluster with partitions lets every partition remember itself', async () => {
    await start({ shards: shardsOf(databases, { s1: { partitions: [1, 2] } }) });
    await start({ shards: shardsOf(databases, { s1: { partitions: [2, 1] } }) });

    const [first] = await remembered(databases);

    expect(first?.map(({ shard, suffix }) => [shard, suffix])).toEqual([
      ['s1:1', '_p1'],
      ['s1:2', '_p2'],
    ]);
    await expect(start()).rejects.toBeInstanceOf(IdentityError);
  });
});

// An sql.js database belongs to one process and one data source.
describeOn(
  databaseKinds.filter((kind) => kind !== 'sqljs'),
  'Several first starts at once',
  (kind) => {
    let databases: TestDatabases;

    beforeEach(async () => {
      databases = await createDatabases(kind, 3, { onDisk: true });
    });

    afterEach(() => databases.stop());

    it('agree on one id', async () => {
      const clusters = Array.from({ length: 8 }, () => new ShardedDataSource(optionsFor(databases, { entities: [User] })));

      const outcomes = await Promise.allSettled(clusters.map((cluster) => cluster.initialize()));
      await Promise.all(clusters.map((cluster) => cluster.destroy()));

      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
      const ids = (await remembered(databases)).map((rows) => rows.map(({ cluster_id }) => cluster_id));
      expect(ids).toEqual([[ids[0]?.[0]], [ids[0]?.[0]], [ids[0]?.[0]]]);
      expect(ids[0]?.[0]).not.toContain(FOUNDING);
    });

    it('with different placements leave one that can be started again and refuse the others', async () => {
      const placements = [hashRing(), hashRing({ virtualNodes: 4 }), hashRing({ virtualNodes: 8 })];
      const clusters = placements.map((placement) => new ShardedDataSource(optionsFor(databases, { entities: [User], placement })));

      const outcomes = await Promise.allSettled(clusters.map((cluster) => cluster.initialize()));
      await Promise.all(clusters.map((cluster) => cluster.destroy()));

      const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(IdentityError);
      await using again = await startCluster(databases, { entities: [User], placement: placements[winner] });
      expect(again.isInitialized).toBe(true);
    });
  },
);

describeOn(serverKinds, 'A database user who may not create tables', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    databases = await createDatabases(kind, 2);
  });

  afterEach(() => databases.stop());

  it('can start an established cluster, and no new one', async () => {
    const restricted = await restrictedUser(databases);
    try {
      await expect(startCluster(databases, { entities: [User], shards: restricted.shards })).rejects.toMatchObject({
        code: 'ERR_SHARD_FAILED',
        shard: expect.stringMatching(/^s[12]$/),
      });
      await using founder = await startCluster(databases, { entities: [User], synchronize: true });
      await founder.destroy();
      await restricted.grant();

      await using cluster = await startCluster(databases, { entities: [User], shards: restricted.shards });
      const users = cluster.getRepository(User);

      await users.save(users.create({ guid: 'a', name: 'b' }));
      expect(await users.findOneBy({ guid: 'a' })).toEqual({ guid: 'a', name: 'b' });
    } finally {
      await restricted.drop();
    }
  });
});

/** A user of rows alone: SELECT, INSERT, UPDATE and DELETE on what tables there are. */
async function restrictedUser(databases: TestDatabases) {
  const name = `rows_${String(databases.shards[0]?.options.database).slice(-9)}`;
  const onEach = async (statements: (database: string) => readonly string[]) => {
    for (const shard of databases.shards)
      for (const statement of statements(String(shard.options.database))) await sqlOn(databases, shard, statement);
  };
  const isPostgres = databases.type === 'postgres';
  const create = isPostgres ? () => [`create role ${name} login password 'rows'`] : () => [`create user ${name} identified by 'rows'`];
  const grants = (database: string) =>
    isPostgres
      ? [`grant select, insert, update, delete on all tables in schema public to ${name}`]
      : [`grant select, insert, update, delete on ${database}.* to ${name}`];
  await onEach(create);
  if (!isPostgres) await onEach(grants);
  const shards = databases.shards.map(({ name: shard, options }) => ({ ...options, name: shard, username: name, password: 'rows' }));
  return {
    shards,
    grant: () => onEach(grants),
    drop: () => onEach(() => [...(isPostgres ? [`drop owned by ${name}`] : []), `drop ${isPostgres ? 'role' : 'user'} ${name}`]),
  };
}
