import { setTimeout as delay } from 'node:timers/promises';
import { modulo } from '../../../src';
import { ReshardRefusedError, ReshardStoppedError } from '../../../src/errors';
import { type ReshardStep, reshardStatus, startRun } from '../../../src/reshard/move';
import type { ReshardRun, ReshardRunOptions } from '../../../src/reshard/reshard-run';
import type { TopologyStore } from '../../../src/topology';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../../database';
import { caseOn, isTriedOn } from '../../long-run';
import { LossyStore } from './fixtures/lossy-store';
import { MovingCluster } from './fixtures/moving-cluster';
import { whileListening } from './fixtures/refuse-steps';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const CHANGE = { placement: modulo(['s1', 's2', 's3']) };
const ROWS = 60;
const SWAP_FAULTS = ['storedSilently', 'lost', 'overtaken'] as const;

describeOn(kinds, 'A run', (kind) => {
  let moving: MovingCluster;
  const lossy = { store: new LossyStore() };

  beforeEach(async () => {
    lossy.store = new LossyStore();
    let isFirst = true;
    const wrap = (store: TopologyStore) => {
      const wrapped = isFirst ? lossy.store.wrap(store) : store;
      isFirst = false;
      return wrapped;
    };
    moving = await MovingCluster.start(kind, { entities: 'topics', placement: modulo(['s1', 's2']), wrap });
    await moving.fill(ROWS);
  });

  afterEach(() => moving.stop());

  /** Does something at the first of a step, before it is taken. */
  const atFirst = (step: ReshardStep['step'], act: () => void) => {
    let isDone = false;
    return (message: ReshardStep) => {
      if (message.step !== step || isDone) return;
      isDone = true;
      act();
    };
  };

  it.each(SWAP_FAULTS.filter((_, place) => isTriedOn(kind, place)))('ends well though the swap of a commit is %s', async (fault) => {
    const spoil = atFirst('commit', () => {
      lossy.store.next = fault;
    });
    await whileListening(spoil, async () => (await moving.start(CHANGE, { chunkRows: 15 })).finished);
    expect(lossy.store.faults).toBe(1);
    expect(await moving.faults(ROWS)).toEqual([]);
  });

  caseOn(kind, 0)('moves nothing twice when it wakes up after another has taken over', async () => {
    const stop = atFirst('commit', () => {
      lossy.store.next = 'held';
      lossy.store.isSilent = true;
    });
    await whileListening(stop, async () => {
      const run = await moving.start(CHANGE, { chunkRows: 15, workers: 1 });
      await waitUntil(() => lossy.store.faults === 1, { what: 'that the swap is held' });
      const other = await moving.another();
      await (await moving.resume(other)).finished;
      lossy.store.isSilent = false;
      lossy.store.open();
      await run.finished;
      expect(await moving.faults(ROWS, other)).toEqual([]);
    });
  });

  caseOn(kind, 1)('commits nothing when it wakes up while another has what it froze', async () => {
    const stop = atFirst('commit', () => {
      lossy.store.next = 'held';
      lossy.store.isSilent = true;
    });
    await whileListening(stop, async () => {
      const run = await moving.start(CHANGE, { chunkRows: 15, workers: 1 });
      await waitUntil(() => lossy.store.faults === 1, { what: 'that the swap is held' });
      let lag = 1;
      let asked = 0;
      const lagSeconds = () => {
        asked += 1;
        return lag;
      };
      const other = await moving.another();
      const taking = await moving.resume(other, { maxLagSeconds: 0, lagSeconds });
      await waitUntil(() => asked > 0, { what: 'that the other has taken over' });
      lossy.store.isSilent = false;
      lossy.store.open();
      await waitUntil(() => run.progress.waitingFor === undefined && moving.cluster.live.isFresh, { what: 'that the first is awake' });
      expect(run.progress.movedRows).toBe(0);
      lag = 0;
      await taking.finished;
      await run.finished;
      expect(await moving.faults(ROWS, other)).toEqual([]);
    });
  });

  caseOn(kind, 2)('asks who has its rows before it tries them again when it lost them while it was cut off', async () => {
    const gate = () => {
      let [open, asked] = [(): void => undefined, 0];
      const opened = new Promise<number>((resolve) => {
        open = () => resolve(0);
      });
      const lagSeconds = () => {
        asked += 1;
        return opened;
      };
      return { open: () => open(), options: { workers: 1, chunkRows: 15, maxLagSeconds: 0, lagSeconds }, isAsked: () => asked > 0 };
    };
    const [first, second] = [gate(), gate()];
    let freezes = 0;
    const count = ({ step }: ReshardStep) => {
      if (step === 'freeze') freezes += 1;
    };
    await whileListening(count, async () => {
      const run = await moving.start(CHANGE, first.options);
      await waitUntil(first.isAsked, { what: 'that the first has a chunk in hand' });
      lossy.store.isDown = true;
      const other = await moving.another();
      const taking = await moving.resume(other, second.options);
      await waitUntil(second.isAsked, { what: 'that the other has taken over' });
      first.open();
      await waitUntil(() => freezes > 0, { what: 'that the first tries to freeze' });
      await delay(1_000);
      // The chunk's parts on its shards, once.
      expect(freezes).toBeLessThanOrEqual(3);
      lossy.store.isDown = false;
      second.open();
      await taking.finished;
      await run.finished;
      expect(await moving.faults(ROWS, other)).toEqual([]);
    });
  });

  caseOn(kind, 3)('lets another go on though it could not say that it has stopped', async () => {
    const stop = (message: ReshardStep) => {
      if (message.step !== 'freeze') return;
      lossy.store.isDown = true;
      message.refuse(new Error('enough'));
    };
    await whileListening(stop, async () => {
      const run = await moving.start(CHANGE, { chunkRows: 15, workers: 1 });
      await expect(run.finished).rejects.toBeInstanceOf(ReshardStoppedError);
    });
    lossy.store.isDown = false;
    const other = await moving.another();
    await (await moving.resume(other)).finished;
    expect(await moving.faults(ROWS, other)).toEqual([]);
  });

  it('is dropped by cancel before anything has moved', async () => {
    const run = await pausedRun();
    expect(await reshardStatus(moving.cluster.live)).toMatchObject({ phase: 'moving', order: 'pause' });
    await run.cancel();
    expect(await run.finished).toMatchObject({ outcome: 'cancelled', movedRows: 0 });
    expect(await moving.faults(ROWS)).toEqual([]);
    expect(moving.cluster.routingTables.get('Topic')?.shards).toEqual(['s1', 's2']);
  });

  caseOn(kind, 4)('goes back where it is asked to half-way, and refuses to stay there', async () => {
    let run: ReshardRun | undefined;
    const pause = atFirst('committed', () => void run?.pause());
    await whileListening(pause, async () => {
      run = await moving.start(CHANGE, { chunkRows: 15, workers: 1 });
      await waitUntil(() => run?.progress.isPaused === true && run.progress.movedRows > 0, { what: 'that it is paused' });
    });
    await expect(run?.cancel()).rejects.toBeInstanceOf(ReshardRefusedError);
    const back = await run!.reverse();
    await (await startRun(moving.cluster.live, back, {})).finished;
    expect(await moving.faults(ROWS)).toEqual([]);
    expect(moving.cluster.routingTables.get('Topic')?.shards).toEqual(['s1', 's2']);
  });

  caseOn(kind, 5)('ends at the next chunk when its signal aborts, and is resumed', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    await whileListening(
      atFirst('committed', () => abort.abort(reason)),
      async () => {
        const run = await moving.start(CHANGE, { chunkRows: 15, workers: 1, signal: abort.signal });
        await expect(run.finished).rejects.toBe(reason);
      },
    );
    await (await moving.resume(moving.cluster)).finished;
    expect(await moving.faults(ROWS)).toEqual([]);
  });

  caseOn(kind, 6)('moves no more rows in a second than it may', async () => {
    const report = await (await moving.start(CHANGE, { chunkRows: 10, maxRowsPerSecond: 20 })).finished;
    expect(report.movedRows / report.seconds).toBeLessThan(20);
    expect(await moving.faults(ROWS)).toEqual([]);
  });

  if (kind === 'mariadb' || kind === 'postgres') {
    it('sets a chunk back whose rows somebody writes, and names who', async () => {
      const run = await pausedRun();
      const writer = moving.cluster.shard('s1').dataSource.createQueryRunner();
      await writer.startTransaction();
      for (const id of [0, 2, 4, 10, 50]) await writer.query(`UPDATE topic SET value = 7 WHERE id = ${id}`);
      await run.continue();
      await waitUntil(() => run.progress.waitingFor?.includes('rows of group Topic') === true, { what: 'that it waits' });
      await writer.commitTransaction();
      await writer.release();
      expect((await run.finished).retries).toBeGreaterThan(0);
      expect(await moving.faults(ROWS)).toEqual([]);
    });

    it('moves what nobody holds past the rows that somebody writes', async () => {
      const run = await pausedRun({ workers: 1 });
      const writer = moving.cluster.shard('s1').dataSource.createQueryRunner();
      await writer.startTransaction();
      // The topmost, with which the walk begins.
      await writer.query(`UPDATE topic SET value = 7 WHERE id = ${ROWS - 6}`);
      await run.continue();
      const hasMoved = async () => {
        // The server ends sessions that are idle for long.
        await writer.query('SELECT 1');
        return run.progress.movedRows > 0;
      };
      await waitUntil(hasMoved, { what: 'that others move' });
      expect(run.progress.waitingFor).toMatch(/rows of group Topic/);
      await writer.commitTransaction();
      await writer.release();
      expect((await run.finished).retries).toBeGreaterThan(0);
      expect(await moving.faults(ROWS)).toEqual([]);
    });
  } else {
    it('stops when a target changes what is written, and leaves everything on its source', async () => {
      const mangle = 'CREATE TRIGGER mangle AFTER INSERT ON topic BEGIN UPDATE topic SET value = value + 1 WHERE id = NEW.id; END';
      await moving.cluster.shard('s3').dataSource.query(mangle);
      const run = await moving.start(CHANGE, { workers: 1 });
      const stopped = await run.finished.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(stopped).toBeInstanceOf(ReshardStoppedError);
      expect(stopped).toMatchObject({ step: 'verify', shard: 's3', message: expect.stringMatching(/topic: different \d+/) });
      expect([...(await moving.places()).values()].flat()).not.toContain('s3');
      await moving.cluster.shard('s3').dataSource.query('DROP TRIGGER mangle');
      await (await moving.resume(moving.cluster)).finished;
      expect(await moving.faults(ROWS)).toEqual([]);
    });
  }

  async function pausedRun(options: ReshardRunOptions = {}): Promise<ReshardRun> {
    const run = await moving.start(CHANGE, { chunkRows: 15, ...options });
    await run.pause();
    await waitUntil(() => run.progress.phase === 'moving', { what: 'that it may move' });
    return run;
  }
});
