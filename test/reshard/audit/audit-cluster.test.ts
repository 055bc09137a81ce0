import type { ShardedDataSource } from '../../../src';
import { auditCluster } from '../../../src/reshard/audit';
import { planMoves } from '../../../src/reshard/plan';
import { createDatabases, sampledKinds, type TestDatabases } from '../../database';
import { Owner, startThree, Thing, Topic } from '../fixtures';

describe.each(sampledKinds)('auditCluster on %s', (kind) => {
  let databases: TestDatabases;
  let cluster: ShardedDataSource;

  beforeEach(async () => {
    databases = await createDatabases(kind, 3);
    cluster = await startThree(databases);
    const names = Array.from({ length: 60 }, (_, index) => `o${index}`);
    await cluster.getRepository(Owner).insert(names.map((name) => ({ name })));
    await cluster.getRepository(Thing).insert(names.map((ownerName, id) => ({ id, ownerName })));
    await cluster.getRepository(Topic).insert(names.map((_, id) => ({ id: String(id) })));
  });

  afterEach(async () => {
    await cluster.destroy();
    await databases.stop();
  });

  const position = () => cluster.driver.escape('_shard_position');
  const sqlOn = (shard: string, sql: string) => cluster.query(sql, [], { shards: [shard] });

  it('finds nothing in a cluster that is well, in batches, and tells how far it is', async () => {
    const seen: number[] = [];
    const report = await auditCluster(cluster.live, { batchRows: 7, onProgress: ({ rows }) => seen.push(rows) });
    expect(report).toMatchObject({ isWell: true, rows: 180, misplaced: 0, duplicated: 0, wrongPosition: 0, missingPosition: 0 });
    expect(report.tables.filter(({ table }) => table === 'thing').reduce((sum, { rows }) => sum + rows, 0)).toBe(60);
    expect(seen.at(-1)).toBe(180);
    expect(seen.length).toBeGreaterThan(20);
  });

  it('counts a row on a shard that does not own it, with and without a stored position', async () => {
    const [topic] = ['1', '3'];
    await sqlOn('s1', `INSERT INTO topic (id) VALUES (${topic})`).catch(() => undefined);
    await sqlOn('s1', 'INSERT INTO topic (id) VALUES (1001)');
    const report = await auditCluster(cluster.live);
    expect(report.isWell).toBe(false);
    expect(report.tables.find(({ shard, table }) => shard === 's1' && table === 'topic')).toMatchObject({ misplaced: 2 });
  });

  it('counts positions that are wrong or missing', async () => {
    const column =
      kind === 'mariadb'
        ? `ALTER TABLE thing MODIFY ${position()} BIGINT NULL`
        : kind === 'postgres'
          ? `ALTER TABLE thing ALTER COLUMN ${position()} DROP NOT NULL`
          : undefined;
    if (column) await cluster.query(column, [], { shards: 'all' });
    const ids = await cluster.getRepository(Thing).find({ order: { id: 'ASC' } });
    const [first, second] = ids.filter(({ ownerName }) => cluster.shardFor(Thing, ownerName).name === 's1');
    await sqlOn('s1', `UPDATE thing SET ${position()} = ${position()} + 1 WHERE id = ${first!.id}`);
    if (column) await sqlOn('s1', `UPDATE thing SET ${position()} = NULL WHERE id = ${second!.id}`);
    const report = await auditCluster(cluster.live);
    expect(report).toMatchObject({ wrongPosition: 1, missingPosition: column ? 1 : 0, misplaced: 0 });
  });

  it('counts a primary key that two shards have, each as the owner of its row', async () => {
    const things = await cluster.getRepository(Thing).find();
    const onFirst = things.find(({ ownerName }) => cluster.shardFor(Thing, ownerName).name === 's1')!;
    const onSecond = things.find(({ ownerName }) => cluster.shardFor(Thing, ownerName).name === 's2')!;
    await cluster.getRepository(Thing).insert({ id: onFirst.id, ownerName: onSecond.ownerName });
    expect(await auditCluster(cluster.live)).toMatchObject({ duplicated: 1, misplaced: 0, wrongPosition: 0, isWell: false });
  });

  it('counts copies that a plan has made apart, and a copy that it has not as misplaced', async () => {
    const { current, core } = cluster.live;
    const { moves, weights } = planMoves(core, current, { add: ['s3'], group: 'Owner' });
    const move = moves.get('Owner')!;
    const plan = {
      id: 'p',
      phase: 'moving',
      order: 'go',
      guard: 'while-resharding',
      title: 't',
      announcedVersion: 1,
      finalVersion: 0,
      weights,
      movers: [],
    } as const;
    const names = Array.from({ length: 60 }, (_, index) => `o${index}`);
    const arriving = names.filter((name) => move.to.ownerOf(core.placeOfKey(Owner, name).position) === 's3');
    const staying = names.find((name) => !arriving.includes(name))!;
    const [first, second] = arriving.map((name) => ({ name, position: core.placeOfKey(Owner, name).position }));
    // The first has moved and is still on its source; the second is copied and not committed; one is where nothing brought it.
    const rows = move.rows.map((row) =>
      row.since <= first!.position && first!.position < row.upto ? { ...row, watermark: row.since } : row,
    );
    await cluster.live.swap(current, { ...current, plan: { ...plan, moves: new Map([['Owner', { ...move, rows }]]) } });
    const insert = (name: string, at: unknown) => sqlOn('s3', `INSERT INTO owner (name, ${position()}) VALUES ('${name}', ${at})`);
    await insert(first!.name, first!.position);
    await insert(second!.name, second!.position);
    expect(await auditCluster(cluster.live)).toMatchObject({ isWell: true, misplaced: 0, arrivals: 1 });
    await insert(staying, core.placeOfKey(Owner, staying).position);
    expect(await auditCluster(cluster.live)).toMatchObject({ misplaced: 1 });
  });
});
