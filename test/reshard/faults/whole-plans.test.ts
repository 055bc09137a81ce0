import { hashRing, ShardedDataSource, type ShardedDataSourceOptions, sqlTopology } from '../../../src';
import type { ShardDataSource } from '../../../src/cluster';
import { guardState } from '../../../src/fence';
import type { ReshardStep } from '../../../src/reshard/move';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../../database';
import { caseOn } from '../../long-run';
import { whileListening } from '../move/fixtures/refuse-steps';
import { GROW, Note, NotesCluster, stopOf, WELL } from './fixtures';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const NOTES = 24;

describeOn(kinds, 'A whole plan', (kind) => {
  let notes: NotesCluster;

  afterEach(() => notes?.stop());

  const guardsOf = async (shard: string) => {
    const source = notes.cluster.shard(shard).dataSource as ShardDataSource;
    return (await guardState(source, [{ name: 'Note', lookUp: 'range' }])).guards;
  };
  const dropGuards = async (shard: string, table: string) => {
    for (const { name } of (await guardsOf(shard)).filter((guard) => guard.table === table && guard.condition === 'armed')) {
      await notes.sqlOn(shard, `DROP TRIGGER ${name}${kind === 'postgres' ? ` ON ${table}` : ''}`);
    }
  };
  const insertRaw = (shard: string, id: number, position: number) =>
    notes.sqlOn(
      shard,
      `INSERT INTO note (id, value, body, ${notes.cluster.driver.escape('_shard_position')}) VALUES (${id}, 0, 'raw', ${position})`,
    );

  const onRing = (resharding: object) => NotesCluster.start(kind, { more: { placement: hashRing({ virtualNodes: 3 }) }, resharding });

  caseOn(kind, 0)("with guard: 'always' keeps its guards, and so does the next one", async () => {
    notes = await onRing({ guard: 'always', graceMs: 0 });
    await notes.fill(NOTES);
    for (const [turn, change] of [{ add: ['s3'] }, { remove: ['s3'] }].entries()) {
      expect(await (await notes.start(change)).finished).toMatchObject({ outcome: 'done' });
      expect(await notes.unserved(NOTES, turn + 1)).toEqual([]);
      expect(await notes.faults()).toEqual(WELL);
      for (const shard of ['s1', 's2', 's3'])
        expect(new Set((await guardsOf(shard)).map(({ condition }) => condition))).toEqual(new Set(['armed']));
    }
    await expect(insertRaw('s3', 5_000, 0)).rejects.toThrow();
  });

  caseOn(kind, 1)('that removes a shard is refused while rows of others are on it, and ends only when it is empty', async () => {
    notes = await onRing({ graceMs: 1_000 });
    await notes.fill(NOTES);
    const { cluster } = notes;
    const foreign = Array.from({ length: 50 }, (_, index) => index + 1_000).find((id) => cluster.shardFor(Note, String(id)).name === 's1')!;
    const { position } = cluster.core.placeOfKey(Note, String(foreign));
    await insertRaw('s2', foreign, Number(position));
    await expect(cluster.reshard.plan({ remove: ['s2'] })).rejects.toThrow(
      /Shard s2, table note: 1 row\(s\) are there that other shards own/,
    );
    await notes.sqlOn('s2', `DELETE FROM note WHERE id = ${foreign}`);

    const run = await notes.start({ remove: ['s2'] });
    await waitUntil(() => run.progress.phase === 'cleaning', { what: 'that all has moved' });
    await dropGuards('s2', 'note');
    await insertRaw('s2', foreign, Number(position));
    await stopOf(run);
    const stopped = await stopOf(await cluster.reshard.resume());
    expect(stopped).toMatchObject({ step: 'narrow', shard: 's2', message: expect.stringContaining('table note still has 1 row(s) there') });
    expect(await notes.unserved(NOTES, 1)).toEqual([]);
    await dropGuards('s2', 'note');
    await notes.sqlOn('s2', `DELETE FROM note WHERE id = ${foreign}`);
    expect(await (await cluster.reshard.resume()).finished).toMatchObject({ outcome: 'done' });
    expect(await cluster.query('SELECT COUNT(*) AS n FROM note', [], { shards: ['s2'] })).toMatchObject([
      { result: [{ n: expect.anything() }] },
    ]);
    expect(cluster.routingTables.get('Note')?.shards).toEqual(['s1']);
    expect(await notes.faults()).toEqual(WELL);
  });

  caseOn(kind, 2)(
    'refuses the next page of an iteration that began before it, and one that begins meanwhile meets every row once',
    async () => {
      notes = await NotesCluster.start(kind);
      await notes.fill(NOTES);
      const repository = notes.cluster.getRepository(Note);
      const early = repository.iterate({ pageRows: 3 });
      const met = [(await early.next()).value!.id];
      const run = await notes.paused(GROW, { chunkRows: 5, workers: 1 });
      const late = repository.iterate({ pageRows: 3 });
      const iterated = [(await late.next()).value!.id];
      await run.continue();
      await expect(drain(early, met)).rejects.toMatchObject({ code: 'ERR_TOPOLOGY_CHANGED', retryable: true });
      await waitUntil(() => run.progress.movedRows > 0, { what: 'that rows have moved' });
      await drain(late, iterated);
      expect(await run.finished).toMatchObject({ outcome: 'done' });
      const ids = Array.from({ length: NOTES }, (_, id) => id);
      expect(iterated.map(Number).sort((a, b) => a - b)).toEqual(ids);
      expect(new Set(met).size).toBe(met.length);
    },
  );

  async function drain(iteration: AsyncIterableIterator<Note, void, undefined>, ids: string[]): Promise<void> {
    for await (const { id } of iteration) ids.push(id);
  }
});

/** A row for each of 4096 slots takes its time on servers. */
describeOn(
  kinds.filter((kind) => kind === 'better-sqlite3'),
  'A plan of the default ring',
  (kind) => {
    let notes: NotesCluster;

    afterEach(() => notes?.stop());

    it('that is cancelled after its first commit leaves a placement, of which the next plan and a rebuild of the topology go on', async () => {
      notes = await NotesCluster.start(kind, {
        isShared: true,
        more: { placement: hashRing(), prepareDatabase: (db: { pragma(text: string): void }) => db.pragma('synchronous = OFF') },
      });
      await notes.fill(NOTES);
      const { cluster } = notes;
      let cancelled: Promise<void> | undefined;
      const cancel = ({ step }: ReshardStep) => {
        if (step === 'committed') cancelled ??= cluster.reshard.cancel();
      };
      const run = await notes.start({ add: ['s3'] }, { chunkRows: 1, workers: 1 });
      const report = await whileListening(cancel, () => run.finished);
      await cancelled;
      expect(report.outcome).toBe('cancelled');
      const table = cluster.routingTables.get('Note')!;
      expect(table.share('s3')).toBeGreaterThan(0);
      expect(table.share('s3')).toBeLessThan(0.3);
      expect(await notes.unserved(NOTES, 1)).toEqual([]);
      expect(await notes.faults()).toEqual(WELL);

      await cluster.destroy();
      const rebuilt = new ShardedDataSource({
        ...notes.options(),
        topology: sqlTopology({ type: 'sqljs' }),
      } as unknown as ShardedDataSourceOptions);
      try {
        expect(await rebuilt.reshard.rebuild()).toMatchObject({ groups: ['Note'], plan: null });
        await rebuilt.initialize();
        expect(rebuilt.routingTables.get('Note')?.checksum).toBe(table.checksum);
        const next = await rebuilt.reshard.start(await rebuilt.reshard.plan({ reweigh: { s3: 1.5 } }));
        expect(await next.finished).toMatchObject({ outcome: 'done' });
        expect(rebuilt.routingTables.get('Note')!.share('s3')).toBeGreaterThan(0.4);
        expect(await notes.unserved(NOTES, 2, rebuilt)).toEqual([]);
        expect(await notes.faults(rebuilt)).toEqual(WELL);
      } finally {
        await rebuilt.destroy();
      }
    }, 180_000);
  },
);
