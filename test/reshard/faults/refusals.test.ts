import { join } from 'node:path';
import type { ShardDataSource } from '../../../src/cluster';
import { ReshardRefusedError } from '../../../src/errors';
import { oldSnapshotWarnings } from '../../../src/reshard/plan/old-snapshots';
import { withSurveyed } from '../../../src/reshard/plan/surveyed-shard';
import type { ReshardChange } from '../../../src/reshard/reshard-change';
import type { ReshardPlan } from '../../../src/reshard/reshard-plan';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../../database';
import { GROW, Line, NotesCluster, stopOf, WELL } from './fixtures';
import { canMount, SmallDisk } from './small-disk';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const NOTES = 24;

describeOn(kinds, 'A plan', (kind) => {
  let notes: NotesCluster;

  beforeAll(async () => {
    notes = await NotesCluster.start(kind);
    await notes.fill(NOTES);
  });

  afterAll(() => notes?.stop());

  const reasonsOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
    const error = await work.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReshardRefusedError);
    return (error as ReshardRefusedError).reasons;
  };
  const plan = (change: ReshardChange = GROW): Promise<ReshardPlan> => notes.cluster.reshard.plan(change);

  it('is refused while another runs, is too old once that has ended, and can be made again then', async () => {
    const { reshard } = notes.cluster;
    const early = await plan();
    const run = await notes.paused(GROW);
    expect(await reasonsOf(plan())).toEqual([expect.stringMatching(/^A plan is running already: place by modulo .* It is paused/)]);
    expect(await reasonsOf(reshard.start(early))).toEqual([expect.stringContaining('A plan is running already')]);
    await run.cancel();
    expect(await run.finished).toMatchObject({ outcome: 'cancelled', movedRows: 0 });
    expect(await reasonsOf(reshard.start(early))).toEqual([expect.stringContaining('The topology has changed since the plan was made')]);
    expect(await notes.unserved(NOTES, 1)).toEqual([]);
    expect(await notes.faults()).toEqual(WELL);
    await plan();
  });

  if (kind === 'mariadb') {
    it.each(['MyISAM', 'Aria'])('is refused for a table whose engine is %s, until it has transactions', async (engine) => {
      await notes.sqlOn('s2', `ALTER TABLE line ENGINE = ${engine}`);
      expect(await reasonsOf(plan())).toEqual([
        `Shard s2, table line: its engine ${engine} has no transactions. Run ALTER TABLE … ENGINE = InnoDB.`,
      ]);
      await notes.sqlOn('s2', 'ALTER TABLE line ENGINE = InnoDB');
      await plan();
    });
  }

  if (kind !== 'better-sqlite3') {
    it('is refused for a foreign key that leaves the group, until that is dropped', async () => {
      await notes.sqlOn('s1', 'CREATE TABLE shelf (id INT NOT NULL PRIMARY KEY)');
      await notes.sqlOn('s1', 'ALTER TABLE line ADD CONSTRAINT on_shelf FOREIGN KEY (id) REFERENCES shelf (id)');
      expect(await reasonsOf(plan())).toEqual([
        'Shard s1: a foreign key leads from table line to shelf, whose rows do not move with it. Drop the key.',
      ]);
      await notes.sqlOn('s1', `ALTER TABLE line DROP ${kind === 'mariadb' ? 'FOREIGN KEY' : 'CONSTRAINT'} on_shelf`);
      await plan();
    });

    it('warns of a transaction that was open for long, and says on which shard', async () => {
      const writer = (notes.cluster.shard('s1').dataSource as ShardDataSource).createQueryRunner();
      await writer.startTransaction('REPEATABLE READ');
      await writer.query('SELECT COUNT(*) FROM line');
      const warnings = (oldMs: number) =>
        withSurveyed([notes.cluster.shardHandle('s1')], { groups: ['Note'], faults: [] }, ([only]) => oldSnapshotWarnings(only!, oldMs));
      try {
        expect(await warnings(3_600_000)).toEqual([]);
        // MariaDB tells times in seconds, and the same as before to who asks again within 100 ms. It ends sessions that are idle.
        const oldMs = performance.now() + 2_100;
        const isOld = async () => {
          await writer.query('SELECT 1');
          return performance.now() > oldMs;
        };
        await waitUntil(isOld, { what: 'that the transaction is old' });
        expect(await warnings(1_000)).toEqual([
          expect.stringMatching(/^Shard s1: a transaction has been open on (MariaDB|PostgreSQL) for \d s\./),
        ]);
      } finally {
        await writer.rollbackTransaction();
        await writer.release();
      }
    });
  }

  it('whose key grew too many rows since stops before it freezes them, and goes on with larger chunks', async () => {
    const run = await notes.paused(GROW, { chunkRows: 1, workers: 1 });
    const lines = Array.from({ length: 12 }, (_, id) => ({ id, noteId: String(NOTES - 1) }));
    await notes.cluster.getRepository(Line).insert(lines);
    await run.continue();
    expect(await stopOf(run)).toMatchObject({
      step: 'freeze',
      message: expect.stringContaining('one position of group Note has 13 rows, and at most 10'),
    });
    expect(await notes.unserved(NOTES, 2)).toEqual([]);
    expect(await (await notes.cluster.reshard.resume({ chunkRows: 50 })).finished).toMatchObject({ outcome: 'done' });
    expect(await notes.unserved(NOTES, 3)).toEqual([]);
    expect(await notes.cluster.getRepository(Line).count()).toBe(12);
    expect(await notes.faults()).toEqual(WELL);
  });
});

describeOn(
  kinds.filter((kind) => kind === 'better-sqlite3'),
  'A target in a file',
  () => {
    let disk: SmallDisk;
    let notes: NotesCluster;

    afterEach(async () => {
      await notes?.stop();
      disk?.unmount();
    });

    const itOnDisk = canMount() ? it : it.skip;

    itOnDisk('is refused when its disk has no room, stops when that is used up meanwhile, and goes on when there is room', async () => {
      disk = SmallDisk.mount(4);
      notes = await NotesCluster.start('better-sqlite3', { shards: { s3: { database: join(disk.folder, 's3.sqlite') } } });
      await notes.fill(NOTES, 'long '.repeat(10_000));
      const free = await disk.fill();
      await expect(notes.cluster.reshard.plan(GROW)).rejects.toThrow('Shard s3 has room for 0 MB and would get about');
      await free();
      const run = await notes.paused(GROW, { workers: 1 });
      const freeAgain = await disk.fill();
      await run.continue();
      expect(await stopOf(run)).toMatchObject({ shard: 's3', cause: { code: 'ERR_SHARD_FAILED', driverCode: 'SQLITE_FULL' } });
      expect(await notes.unserved(NOTES, 1)).toEqual([]);
      await freeAgain();
      expect(await (await notes.cluster.reshard.resume()).finished).toMatchObject({ outcome: 'done' });
      expect(await notes.unserved(NOTES, 2)).toEqual([]);
      expect(await notes.faults()).toEqual(WELL);
    });
  },
);
