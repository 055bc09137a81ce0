import { hashRing } from '../../../src';
import { ShardError } from '../../../src/errors';
import { describeOn } from '../../cluster/fixtures/describe-on';
import { databaseKinds, waitUntil } from '../../database';
import { Note, NotesCluster, WELL } from './fixtures';

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');
const NOTES = 24;
const HOUR_MS = 3_600_000;

/** mysql2 itself goes by the time of day when it closes idle connections, so the server may be first; what is sent there is not received. */
function ofEndedConnection(error: unknown): 'ended' {
  if (error instanceof ShardError && /write (ECONNRESET|EPIPE)/.test(String(error.cause))) return 'ended';
  throw error;
}

describeOn(kinds, 'A plan between partitions', (kind) => {
  let notes: NotesCluster;
  const realNow = Date.now;

  afterEach(async () => {
    Date.now = realNow;
    await notes?.stop();
  });

  it('of one database and another loses no increment, though the clock jumps from step to step', async () => {
    const partitions = { s1: { partitions: [1, 2] }, s3: { partitions: [1, 2] } };
    const ring = { placement: hashRing({ virtualNodes: 5 }) };
    notes = await NotesCluster.start(kind, { isShared: true, shards: partitions, more: ring });
    await notes.fill(NOTES);
    const { cluster } = notes;
    // Nothing may go by the time of day: it goes back and forth by hours each time somebody looks.
    let looks = 0;
    Date.now = () => realNow() + (looks++ % 2 === 0 ? -HOUR_MS : HOUR_MS);
    const counted = new Map<string, number>();
    const end = new AbortController();
    const write = async (first: number) => {
      for (let turn = first; !end.signal.aborted; turn += 2) {
        const id = String(turn % NOTES);
        const written = await cluster.getRepository(Note).increment({ id }, 'value', 1).catch(ofEndedConnection);
        if (written === 'ended') continue;
        expect(written.affected).not.toBe(0);
        counted.set(id, (counted.get(id) ?? 0) + 1);
        await new Promise((go) => setImmediate(go));
      }
    };
    const writers = [write(0), write(1)];
    const run = await notes.start({ add: ['s3:1', 's3:2'], remove: ['s1:2'] }, { chunkRows: 4 });
    const report = await run.finished;
    await waitUntil(() => counted.size === NOTES, { what: 'that every note was written' });
    end.abort();
    await Promise.all(writers);
    expect(report).toMatchObject({ outcome: 'done', cleanedRows: report.movedRows });
    const found = await cluster.getRepository(Note).find();
    expect(new Map(found.map(({ id, value }) => [String(id), value]))).toEqual(counted);
    expect(new Set(found.map(({ id }) => cluster.shardFor(Note, String(id)).name))).not.toContain('s1:2');
    expect(await notes.faults()).toEqual(WELL);
  });
});
