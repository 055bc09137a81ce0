import { modulo } from '../../src';
import { describeOn } from '../cluster/fixtures/describe-on';
import { serverKinds, waitUntil } from '../database';
import { Topic } from '../reshard/move/fixtures/entities';
import { MovingCluster } from '../reshard/move/fixtures/moving-cluster';

describeOn(serverKinds, 'An update of all shards that waits for one of them while a plan begins', (kind) => {
  it('is made once: the plan waits until it is done', async () => {
    const moving = await MovingCluster.start(kind, {
      entities: 'topics',
      placement: modulo(['s1', 's2']),
      // A lease that lapses on a busy machine would refuse the rest; servers end the connection that is held here when it idles too long.
      resharding: { routeLeaseMs: 800, idleTimeoutMs: 4_000 },
      more: { poolSize: 1 },
    });
    try {
      const rows = await moving.fill(12);
      const other = await moving.another();
      const before = other.live.core;
      const busy = other.shard('s1').dataSource.createQueryRunner();
      await busy.connect();
      const everywhere = other
        .getRepository(Topic)
        .acrossShards()
        .updateAll({ value: () => 'value + 1000' })
        .catch((error: unknown) => error);
      const run = await moving.start({ placement: modulo(['s1', 's2', 's3']) });
      await waitUntil(() => !other.live.mayUse(before), { what: 'that what it was routed by is too old' });
      await waitUntil(() => run.progress.waitingFor?.includes(other.live.id) === true, { what: 'that the plan waits for it' });
      expect(run.progress.movedRows).toBe(0);
      await busy.release();

      expect(await everywhere).toMatchObject({ affected: rows });
      await run.finished;
      expect(await moving.faults(rows)).toEqual([]);
      const stored = await moving.cluster.getRepository(Topic).find();
      expect(stored.map(({ value }) => Math.floor(value / 1_000))).toEqual(stored.map(() => 1));
    } finally {
      await moving.stop();
    }
  });
});
