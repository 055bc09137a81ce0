import { hashRing, modulo, ranges } from '../../../src';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { databaseKinds } from '../../database';
import { caseOn } from '../../long-run';
import { MovingCluster, type MovingOptions } from './fixtures/moving-cluster';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');

/** Filling thousands of ownership rows takes a while, and no connection of the application shall be ended meanwhile. */
const PATIENT = { idleTimeoutMs: 3_000 };

describeOn(kinds, 'A move', (kind) => {
  let moving: MovingCluster | undefined;

  const start = async (options: MovingOptions = {}) => {
    moving = await MovingCluster.start(kind, options);
    return moving;
  };

  afterEach(async () => {
    await moving?.stop();
    moving = undefined;
  });

  caseOn(kind, 0)('of the default ring brings every row to its owner when a shard joins', async () => {
    const cluster = await start({ resharding: PATIENT });
    const rows = await cluster.fill(200);
    const run = await cluster.start({ add: ['s3'] }, { chunkRows: 50 });
    const report = await run.finished;
    expect(await cluster.faults(rows)).toEqual([]);
    expect(report).toMatchObject({ outcome: 'done', cleanedRows: report.movedRows });
    expect(report.movedRows).toBeGreaterThan(rows / 5);
  });

  caseOn(kind, 1)('of the default ring empties a shard that leaves', async () => {
    const cluster = await start({ spare: [], resharding: PATIENT });
    const rows = await cluster.fill(100);
    await (await cluster.start({ remove: ['s2'] })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
    expect([...(await cluster.places()).values()].flat()).not.toContain('s2');
  });

  caseOn(kind, 2)('of the default ring goes by new weights', async () => {
    const cluster = await start({ spare: [], resharding: PATIENT });
    const rows = await cluster.fill(100);
    await (await cluster.start({ reweigh: { s1: 3 } })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
  });

  caseOn(kind, 3)('of the classic ring brings every row to its owner', async () => {
    const cluster = await start({ placement: hashRing({ virtualNodes: 5 }) });
    const rows = await cluster.fill(100);
    await (await cluster.start({ add: ['s3'] }, { chunkRows: 20 })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
  });

  caseOn(kind, 4)('from modulo of two to modulo of three brings every row to its owner', async () => {
    const cluster = await start({ entities: 'topics', placement: modulo(['s1', 's2']) });
    const rows = await cluster.fill(300);
    await (await cluster.start({ placement: modulo(['s1', 's2', 's3']) }, { chunkRows: 40 })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
  });

  caseOn(kind, 5)('of ranges brings every row to its owner', async () => {
    const cluster = await start({
      entities: 'topics',
      placement: ranges([
        { from: -1_000, shard: 's1' },
        { from: 100, shard: 's2' },
      ]),
    });
    const rows = await cluster.fill(300);
    const next = ranges([
      { from: -1_000, shard: 's1' },
      { from: 50, shard: 's3' },
      { from: 200, shard: 's2' },
    ]);
    await (await cluster.start({ placement: next }, { chunkRows: 40 })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
  });
});
