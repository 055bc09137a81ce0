import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { modulo } from '../../../src';
import type { ShardDataSource } from '../../../src/cluster';
import { shareMoving } from '../../../src/fence';
import { type ReshardStep, STEP_CHANNEL } from '../../../src/reshard/move';
import type { TopologyStore } from '../../../src/topology';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { serverKinds, waitUntil } from '../../database';
import { LossyStore } from './fixtures/lossy-store';
import { MovingCluster } from './fixtures/moving-cluster';

const GRACE_MS = 1_200;

describeOn(serverKinds, 'The grace of rows', (kind) => {
  it('begins with the last chunk of their row, and not before all shards know of it', async () => {
    const lossy = new LossyStore();
    let isFirst = true;
    const wrap = (store: TopologyStore) => {
      const wrapped = isFirst ? lossy.wrap(store) : store;
      isFirst = false;
      return wrapped;
    };
    const moving = await MovingCluster.start(kind, { entities: 'topics', placement: modulo(['s1', 's2']), wrap });
    const source = moving.cluster.shard('s1').dataSource as ShardDataSource;
    const holder = source.createQueryRunner('master');
    try {
      const rows = await moving.fill(60);
      const listen = (message: unknown) => {
        if ((message as ReshardStep).step !== 'commit' || lossy.faults > 0) return;
        const { plan } = moving.cluster.live.current;
        const left = [...plan!.moves.values()].flatMap((move) => move.rows).filter(({ watermark, since }) => watermark > since);
        // The last chunk of a row of which others have moved.
        if (left.some(({ watermark, upto }) => watermark < upto && watermark <= 5)) lossy.next = 'held';
      };
      subscribe(STEP_CHANNEL, listen);
      const run = await moving.start({ placement: modulo(['s1', 's2', 's3']) }, { chunkRows: 10, workers: 1 });
      await waitUntil(async () => lossy.faults > 0, { what: 'the last chunk to be committed' });
      unsubscribe(STEP_CHANNEL, listen);
      await holder.startTransaction();
      await shareMoving(holder, { shard: 's1', group: 'Topic' }, 0);
      // The server would end a transaction that is idle.
      const passed = (sinceMs: number, ms: number) => async () => {
        await holder.query('SELECT 1');
        return performance.now() > sinceMs + ms;
      };
      await waitUntil(passed(performance.now(), GRACE_MS), { what: 'the grace of the chunks before to end' });
      lossy.open();
      await waitUntil(async () => run.progress.waitingFor?.includes('s1') === true, { what: 'the mover to wait for the shard' });
      await waitUntil(passed(performance.now(), 300), { what: 'the cleaner to look several times' });
      await holder.rollbackTransaction();
      expect((await run.finished).outcome).toBe('done');
      expect(await moving.faults(rows)).toEqual([]);
    } finally {
      lossy.open();
      await holder.release();
      await moving.stop();
    }
  });
});
