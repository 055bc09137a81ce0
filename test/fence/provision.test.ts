import { hashRing, modulo } from '../../src';
import type { ShardDataSource } from '../../src/cluster';
import { arm, FENCE_SCHEMA_VERSION, guardState, provision, provisionedVersion, readOwnership } from '../../src/fence';
import { startCluster } from '../cluster/fixtures/clusters';
import { createDatabases, sampledKinds } from '../database';
import { Item } from './fixtures/entities';
import { FencedMember, GROUPS } from './fixtures/fenced-member';

describe.each(sampledKinds)('Provisioning a member (%s)', (kind) => {
  let member: FencedMember;

  beforeEach(async () => {
    member = await FencedMember.start(kind, { isArmed: false });
  }, 120_000);

  afterEach(() => member?.stop());

  const groups = () => [
    { name: 'Item', table: hashRing().compile([member.shard]), version: 9 },
    { name: 'Topic', table: modulo([member.shard]).compile([member.shard]), version: 9 },
  ];

  it('makes rows that tile the whole line', async () => {
    const items = await readOwnership(member.source, member.runner(), 'Item');
    expect(items).toHaveLength(4_096);
    expect([items[0]!.since, items.at(-1)!.upto]).toEqual([0, 2 ** 48]);
    for (const [index, row] of items.entries()) if (index > 0) expect(row.since).toBe(items[index - 1]!.upto);
    expect(await readOwnership(member.source, member.runner(), 'Topic')).toEqual([
      {
        ...{ shard: 's1', group: 'Topic', since: Number.NEGATIVE_INFINITY, upto: Number.POSITIVE_INFINITY, token: 0, version: 1 },
        ...{ oldRule: { modulus: 1, residue: 0 }, newRule: { modulus: 1, residue: 0 } },
        ...{ watermark: Number.NEGATIVE_INFINITY, frontier: Number.NEGATIVE_INFINITY, capture: Number.NEGATIVE_INFINITY },
      },
    ]);
  });

  it('leaves what is there as it is, also when several do it at once', async () => {
    const runner = member.runner();
    const [first] = await readOwnership(member.source, runner, 'Item');
    const none = { modulus: 0, residue: 0 };
    expect(await member.marks.begin(runner, first!, { token: 5, newRule: none, version: 2 })).toMatchObject({ kind: 'done' });
    await Promise.all([provision(member.source, groups()), provision(member.source, groups())]);
    const rows = await readOwnership(member.source, runner, 'Item');
    expect(rows[0]).toMatchObject({ newRule: none, watermark: first!.upto, token: 5, version: 2 });
    expect(rows).toHaveLength(4_096);
  });

  it('is complete when several begin it on an empty database at once', async () => {
    for (const table of ['_shard_control', '_shard_ownership', '_shard_log']) await member.source.query(`DROP TABLE ${table}`);
    expect(await provisionedVersion(member.source)).toBeUndefined();
    await Promise.all([1, 2, 3].map(() => provision(member.source, groups())));
    expect(await readOwnership(member.source, member.runner(), 'Item')).toHaveLength(4_096);
    expect(await provisionedVersion(member.source)).toBe(FENCE_SCHEMA_VERSION);
  });

  it('refuses tables of a newer version', async () => {
    expect(await provisionedVersion(member.source)).toBe(FENCE_SCHEMA_VERSION);
    await member.source.query('UPDATE _shard_control SET schema_version = 2');
    const fault = { code: 'ERR_CONTROL_TABLES', shard: 's1', reason: 'they have version 2, and this library reads version 1' };
    await expect(provision(member.source, groups())).rejects.toMatchObject(fault);
  });

  it('refuses rows that leave a gap, or that end before the line does', async () => {
    const group = member.quote('group');
    await member.source.query(`DELETE FROM _shard_ownership WHERE ${group} = 'Item' AND since = ${2 ** 40}`);
    const gap = { code: 'ERR_CONTROL_TABLES', reason: 'the rows of group Item leave a gap or overlap' };
    await expect(provision(member.source, groups())).rejects.toMatchObject(gap);
    await member.source.query(`DELETE FROM _shard_ownership WHERE ${group} = 'Item' AND since = 0`);
    const end = { reason: 'the rows of group Item do not reach from end to end of the line' };
    await expect(provision(member.source, groups())).rejects.toMatchObject(end);
  });
});

describe.each(sampledKinds)('Partitions of one database (%s)', (kind) => {
  it('have rows and guards of their own', async () => {
    const databases = await createDatabases(kind, 1);
    const [shard] = databases.shards;
    const cluster = await startCluster(databases, {
      entities: [Item],
      synchronize: true,
      shards: [{ ...shard, ...shard!.options, partitions: [1, 2] }],
      placement: hashRing(),
    }).catch(async (error: unknown) => {
      await databases.stop();
      throw error;
    });
    try {
      const [one, other] = cluster.shards.map(({ dataSource }) => dataSource as ShardDataSource);
      const table = hashRing().compile(['s1:1', 's1:2']);
      for (const source of [one!, other!]) await provision(source, [{ name: 'Item', table, version: 1 }]);
      const runner = one!.createQueryRunner('master');
      const [mine, theirs] = [await readOwnership(one!, runner, 'Item'), await readOwnership(other!, runner, 'Item')];
      await runner.release();
      for (const [index, row] of mine.entries()) expect(row.newRule.modulus + theirs[index]!.newRule.modulus).toBe(1);

      await arm(one!, [GROUPS.slot]);
      expect(await guardState(one!, [GROUPS.slot])).toMatchObject({
        isArmed: true,
        guards: expect.arrayContaining([expect.objectContaining({ table: expect.stringMatching(/item_p1$/) })]),
      });
      expect(await guardState(other!, [GROUPS.slot])).toMatchObject({ isArmed: false, superfluous: [] });
      await arm(other!, [GROUPS.slot]);
      for (const source of [one!, other!])
        expect(await guardState(source, [GROUPS.slot])).toMatchObject({ isArmed: true, superfluous: [] });

      const position = mine.find(({ newRule }) => newRule.modulus === 1)!.since;
      const insert = (suffix: string) =>
        one!.query(
          `INSERT INTO item_p${suffix} (${['id', 'owner', 'value', '_shard_position'].map((each) => one!.driver.escape(each)).join(', ')}) VALUES ('x', 'ada', 1, ${position})`,
        );
      await insert('1');
      await expect(insert('2')).rejects.toThrow('typeorm-sharding fence: this shard does not own the row');
    } finally {
      await cluster.destroy();
      await databases.stop();
    }
  }, 120_000);
});
