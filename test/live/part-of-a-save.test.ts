import { modulo, type ShardedDataSource, ShardsFailedError } from '../../src';
import { describeOn } from '../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../database';
import { isTriedOn, triedOn } from '../long-run';
import { Topic } from '../reshard/move/fixtures/entities';
import { MovingCluster } from '../reshard/move/fixtures/moving-cluster';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const NAMES = ['save', 'insert'] as const;

describeOn(triedOn(kinds, NAMES.length), 'A write of rows of several shards, a part of which stays frozen', (kind) => {
  const CALLS = {
    save: (cluster: ShardedDataSource, rows: Topic[]) => cluster.getRepository(Topic).save(rows),
    insert: (cluster: ShardedDataSource, rows: Topic[]) => cluster.getRepository(Topic).insert(rows),
  };

  it.each(NAMES.filter((_, place) => isTriedOn(kind, place)))('says which shards have committed the other part (%s)', async (call) => {
    const moving = await MovingCluster.start(kind, {
      entities: 'topics',
      placement: modulo(['s1', 's2']),
      resharding: { staleRetryMs: 300 },
    });
    const marked = (mark: string) =>
      moving.cluster.shard('s2').dataSource.query(`UPDATE _shard_ownership SET frontier = ${mark} WHERE new_modulus = 3`);
    try {
      const count = await moving.fill(40);
      const run = await moving.start({ placement: modulo(['s1', 's2', 's3']) }, { chunkRows: 8, workers: 1 });
      await run.pause();
      await waitUntil(() => run.progress.phase === 'moving', { what: 'that rows may move' });
      // As a mover does that is stopped then.
      await marked('since');
      const rows = ['-1000000', '1000001'].map((id) => ({ id, value: 9 }));
      const fault = await CALLS[call](moving.cluster, rows as Topic[]).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(ShardsFailedError);
      const { succeeded, failed } = fault as ShardsFailedError;
      expect(succeeded).toEqual(['s1']);
      expect(failed).toMatchObject([{ shard: 's2', error: { code: 'ERR_TOPOLOGY_CHANGED' } }]);
      await marked('watermark');
      await run.continue();
      await run.finished;
      expect(await moving.faults(count + 1)).toEqual([]);
    } finally {
      await moving.stop();
    }
  });
});
