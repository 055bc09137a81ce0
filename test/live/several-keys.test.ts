import { In } from 'typeorm';
import { modulo, ranges } from '../../src';
import { describeOn } from '../cluster/fixtures/describe-on';
import { databaseKinds } from '../database';
import { isTriedOn, triedOn } from '../long-run';
import { Topic } from '../reshard/move/fixtures/entities';
import { MovingCluster } from '../reshard/move/fixtures/moving-cluster';
import { dieAt } from '../reshard/move/fixtures/refuse-steps';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const PLACEMENTS = ['modulo', 'ranges'] as const;
const changes = {
  modulo: [modulo(['s1', 's2']), modulo(['s1', 's2', 's3'])],
  ranges: [ranges([{ from: -100, shard: 's1' }]), ranges([-100, 5].map((from, index) => ({ from, shard: index === 0 ? 's1' : 's3' })))],
} as const;

describeOn(triedOn(kinds, PLACEMENTS.length), 'A call about several keys, while rows that moved are on their sources still,', (kind) => {
  it.each(PLACEMENTS.filter((_, place) => isTriedOn(kind, place)))('meets each row once (%s)', async (placement) => {
    const [before, after] = changes[placement];
    const moving = await MovingCluster.start(kind, { entities: 'topics', placement: before });
    const death = dieAt('clean', 1);
    try {
      const count = await moving.fill(24);
      const run = await moving.start({ placement: after }, { chunkRows: 8, workers: 1 });
      await expect(run.finished).rejects.toThrow('clean');
      await moving.cluster.live.refresh();
      const topics = moving.cluster.getRepository(Topic);
      const ids = Array.from({ length: count }, (_, index) => String(index - 5));
      const seen = (rows: readonly Topic[]) => rows.map(({ id }) => Number(id)).sort((a, b) => a - b);

      expect((await moving.places()).get('topic 5')?.length).toBeGreaterThan(0);
      expect(Math.max(...[...(await moving.places()).values()].map((places) => places.length))).toBe(2);
      expect(seen(await topics.findBy({ id: In(ids) }))).toEqual(ids.map(Number));
      expect(seen(await topics.createQueryBuilder('t').where('t.id IN (:...ids)', { ids }).getMany())).toEqual(ids.map(Number));
      expect((await topics.update({ id: In(ids) }, { value: 7 })).affected).toBe(count);
      death.revive();
      await (await moving.resume(await moving.another())).finished;
      expect(await moving.faults(count)).toEqual([]);
      expect(await topics.countBy({ value: 7 })).toBe(count);
    } finally {
      death.revive();
      await moving.stop();
    }
  });
});
