import { hashRing, modulo, ranges } from '../../../src';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { databaseKinds } from '../../database';
import { isLongRun } from '../../long-run';
import { MovingCluster, type MovingOptions } from './fixtures/moving-cluster';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');

describeOn(kinds, 'A move', (kind) => {
  let moving: MovingCluster | undefined;

  if (isLongRun) jest.setTimeout(300_000);

  const start = async (options: MovingOptions = {}) => {
    moving = await MovingCluster.start(kind, options);
    return moving;
  };

  afterEach(async () => {
    await moving?.stop();
    moving = undefined;
  });

  // A row for each of 4096 slots takes minutes on servers.
  const itOfSlots = isLongRun || kind === 'better-sqlite3' ? it : it.skip;

  itOfSlots('of the default ring brings every row to its owner when a shard joins', async () => {
    const cluster = await start();
    const rows = await cluster.fill(200);
    const run = await cluster.start({ add: ['s3'] }, { chunkRows: 50 });
    const report = await run.finished;
    expect(await cluster.faults(rows)).toEqual([]);
    expect(report).toMatchObject({ outcome: 'done', cleanedRows: report.movedRows });
    expect(report.movedRows).toBeGreaterThan(rows / 5);
  });

  itOfSlots('of the default ring empties a shard that leaves', async () => {
    const cluster = await start({ spare: [] });
    const rows = await cluster.fill(100);
    await (await cluster.start({ remove: ['s2'] })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
    expect([...(await cluster.places()).values()].flat()).not.toContain('s2');
  });

  itOfSlots('of the default ring goes by new weights', async () => {
    const cluster = await start({ spare: [] });
    const rows = await cluster.fill(100);
    await (await cluster.start({ reweigh: { s1: 3 } })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
  });

  it('of the classic ring brings every row to its owner', async () => {
    const cluster = await start({ placement: hashRing({ virtualNodes: 5 }) });
    const rows = await cluster.fill(100);
    await (await cluster.start({ add: ['s3'] }, { chunkRows: 20 })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
  });

  it('from modulo of two to modulo of three brings every row to its owner', async () => {
    const cluster = await start({ entities: 'topics', placement: modulo(['s1', 's2']) });
    const rows = await cluster.fill(300);
    await (await cluster.start({ placement: modulo(['s1', 's2', 's3']) }, { chunkRows: 40 })).finished;
    expect(await cluster.faults(rows)).toEqual([]);
  });

  it('of ranges brings every row to its owner', async () => {
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
