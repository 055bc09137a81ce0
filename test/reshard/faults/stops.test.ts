import { modulo } from '../../../src';
import type { ShardDataSource } from '../../../src/cluster';
import { guardState } from '../../../src/fence';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../../database';
import { caseOn } from '../../long-run';
import { GROW, Line, NotesCluster, stopOf, WELL } from './fixtures';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const NOTES = 24;

describeOn(kinds, 'A run that meets a fault', (kind) => {
  let notes: NotesCluster;

  afterEach(() => notes?.stop());

  const start = async (...given: Parameters<typeof NotesCluster.start> extends [unknown, ...infer Rest] ? Rest : never) => {
    notes = await NotesCluster.start(kind, ...given);
    await notes.fill(NOTES);
    return notes.cluster;
  };
  const triggersOf = async (shard: string) => {
    const source = notes.cluster.shard(shard).dataSource as ShardDataSource;
    return (await guardState(source, [{ name: 'Note', lookUp: 'range' }])).guards;
  };
  const dropGuard = async (shard: string, table: string) => {
    const guard = (await triggersOf(shard)).find((each) => each.table === table && each.condition === 'armed');
    if (!guard) throw new Error(`Shard ${shard} has no guard on ${table}.`);
    await notes.sqlOn(shard, `DROP TRIGGER ${guard.name}${kind === 'postgres' ? ` ON ${table}` : ''}`);
  };

  caseOn(kind, 0)('of an id that the target has already stops, names the shard and not the row, and goes on without it', async () => {
    const cluster = await start();
    const lines = cluster.getRepository(Line);
    await lines.insert([
      { id: 4711, noteId: '0' },
      { id: 4711, noteId: '1' },
    ]);
    const run = await notes.start({ placement: modulo(['s2']) }, { workers: 1 });
    const stopped = await stopOf(run);
    expect(stopped).toMatchObject({ code: 'ERR_RESHARD_STOPPED', shard: 's2', cause: { code: 'ERR_SHARD_FAILED', shard: 's2' } });
    expect(stopped.message).not.toContain('4711');
    expect(await notes.unserved(NOTES, 1)).toEqual([]);
    expect(await lines.findOneBy({ noteId: '0' })).toMatchObject({ id: 4711 });
    await lines.delete({ id: 4711, noteId: '0' });
    expect(await (await cluster.reshard.resume()).finished).toMatchObject({ outcome: 'done' });
    expect(await notes.unserved(NOTES, 2)).toEqual([]);
    expect(await notes.faults()).toEqual(WELL);
  });

  it.each(['s1', 's3'])('of a guard that was dropped on %s stops before it moves a row, and resume makes it again', async (shard) => {
    const cluster = await start();
    const run = await notes.paused(GROW, { workers: 1 });
    await dropGuard(shard, 'line');
    await run.continue();
    expect(await stopOf(run)).toMatchObject({ shard, message: expect.stringContaining('triggers that guard line (missing)') });
    expect(run.progress.movedRows).toBe(0);
    expect(await notes.unserved(NOTES, 1)).toEqual([]);
    const again = await cluster.reshard.resume();
    await again.pause();
    await waitUntil(async () => (await triggersOf(shard)).every(({ condition }) => condition === 'armed'), { what: 'its guards' });
    await again.continue();
    expect(await again.finished).toMatchObject({ outcome: 'done' });
    expect(await notes.unserved(NOTES, 2)).toEqual([]);
    expect(await notes.faults()).toEqual(WELL);
  });

  caseOn(kind, 1)('of a guard that was dropped once all has moved deletes nothing until it is made again', async () => {
    const cluster = await start({ resharding: { graceMs: 1_500 } });
    const run = await notes.start(GROW);
    await waitUntil(() => run.progress.phase === 'cleaning', { what: 'that all has moved' });
    await dropGuard('s2', 'note');
    const stopped = await stopOf(run);
    expect(stopped).toMatchObject({ step: 'clean', shard: 's2', message: expect.stringContaining('note (missing)') });
    expect(await notes.unserved(NOTES, 1)).toEqual([]);
    expect(await (await cluster.reshard.resume()).finished).toMatchObject({ outcome: 'done' });
    expect(await notes.faults()).toEqual(WELL);
  });

  caseOn(kind, 2)('settles when its cluster is closed; another process starts once the guards stand again, and goes on', async () => {
    const cluster = await start({ isShared: true });
    const run = await notes.paused(GROW, { workers: 1 });
    const last = (async () => {
      let steps = 0;
      for await (const { movedRows } of run) steps = movedRows;
      return steps;
    })();
    await dropGuard('s1', 'note');
    await cluster.destroy();
    expect(await stopOf(run)).toMatchObject({ message: expect.stringContaining('the cluster was closed in this process') });
    expect(await last).toBe(0);
    const other = notes.another();
    await expect(other.initialize()).rejects.toMatchObject({ code: 'ERR_CONTROL_TABLES', shard: 's1' });
    await other.reshard.provision();
    await other.initialize();
    const again = await other.reshard.resume();
    await again.continue();
    expect(await again.finished).toMatchObject({ outcome: 'done' });
    expect(await notes.unserved(NOTES, 1, other)).toEqual([]);
    expect(await notes.faults(other)).toEqual(WELL);
  });
});
