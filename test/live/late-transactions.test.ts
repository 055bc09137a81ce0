import { modulo, type ShardedDataSource } from '../../src';
import { TopologyChangedError } from '../../src/errors';
import { describeOn } from '../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../database';
import { Topic } from '../reshard/move/fixtures/entities';
import { LossyStore } from '../reshard/move/fixtures/lossy-store';
import { MovingCluster } from '../reshard/move/fixtures/moving-cluster';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const CHANGE = { placement: modulo(['s1', 's2', 's3']) };

describeOn(kinds, 'A transaction that was begun before a plan, and inserts after its end', (kind) => {
  let moving: MovingCluster;
  let rows: number;
  const second = { store: new LossyStore() };

  async function start(staleRetryMs: number): Promise<ShardedDataSource> {
    second.store = new LossyStore();
    let isFirst = true;
    moving = await MovingCluster.start(kind, {
      entities: 'topics',
      placement: modulo(['s1', 's2']),
      resharding: { staleRetryMs },
      wrap: (store) => {
        const wrapped = isFirst ? store : second.store.wrap(store);
        isFirst = false;
        return wrapped;
      },
    });
    rows = await moving.fill(12);
    return moving.another();
  }

  afterEach(() => moving.stop());

  it('is made again, and inserts where the row belongs', async () => {
    const other = await start(60_000);
    let attempts = 0;
    await other.transaction(async (manager) => {
      attempts += 1;
      if (attempts === 1) await (await moving.start(CHANGE)).finished;
      await manager.insert(Topic, { id: '101', value: 1 });
    });
    expect(attempts).toBe(2);
    expect(await moving.faults(rows + 1)).toEqual([]);
  });

  it('is refused where the process has not heard of the plan, past its lease', async () => {
    const other = await start(500);
    let isMoved = false;
    const late = other.transaction(async (manager) => {
      if (!isMoved) {
        second.store.isDown = true;
        await waitUntil(() => !other.live.isFresh, { what: 'the end of its lease' });
        await (await moving.start(CHANGE)).finished;
      }
      isMoved = true;
      await manager.insert(Topic, { id: '101', value: 1 });
    });
    await expect(late).rejects.toBeInstanceOf(TopologyChangedError);
    second.store.isDown = false;
    expect(await moving.faults(rows)).toEqual([]);
  });
});
