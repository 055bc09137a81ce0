import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseLayout, hashRing, ShardedDataSource, type ShardedDataSourceOptions, sqlTopology } from '../../src';
import { optionsFor } from '../cluster/fixtures/clusters';
import { describeOn } from '../cluster/fixtures/describe-on';
import { createDatabases, databaseKinds } from '../database';
import { caseOn, triedOn } from '../long-run';

class Note extends BaseLayout<number> {
  static override TABLE_NAME = 'note_layout';
}

const QUICK = { routeLeaseMs: 400, refreshMs: 50, idleTimeoutMs: 1_000, disarmMarginMs: 50, staleRetryMs: 5_000 };

const kinds = databaseKinds.filter((kind) => kind !== 'sqljs');

describeOn(triedOn(kinds, 2), 'Layouts while rows move', (kind) => {
  const directory = mkdtempSync(join(tmpdir(), 'layouts-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  // More than one statement takes, so that keys move between one of them and the next.
  const keys = Array.from({ length: 1_200 }, (_, index) => `note-${index}`);
  const valuesOf = (value: number) => new Map(keys.map((key) => [key, value]));

  async function start() {
    const databases = await createDatabases(kind, 3, { onDisk: kind === 'better-sqlite3' });
    const topology = sqlTopology({ type: 'better-sqlite3', database: join(directory, `${randomUUID()}.sqlite`), pollMs: 50 });
    const placement = hashRing({ virtualNodes: 8 });
    const options = optionsFor(databases, { entities: [Note], synchronize: true, placement, topology, resharding: QUICK });
    const shards = options.shards.map((shard, index) => ({ ...(shard as object), ...(index === 2 && { weight: 0 }) }));
    const cluster = await new ShardedDataSource({ ...options, shards } as unknown as ShardedDataSourceOptions).initialize();
    Note.use(cluster);
    return { databases, cluster };
  }

  caseOn(kind, 0)('reads and writes many at once, and misses none that moves meanwhile', async () => {
    const { databases, cluster } = await start();
    try {
      await cluster.reshard.provision();
      let rounds = 0;
      await Note.setMany(valuesOf(rounds));
      const plan = await cluster.reshard.plan({ add: [cluster.shards[2]!.name] });
      const run = await cluster.reshard.start(plan, { chunkRows: 20, workers: 1 });
      let isMoving = true;
      const ended = run.finished.finally(() => {
        isMoving = false;
      });
      ended.catch(() => undefined);
      while (isMoving) {
        rounds += 1;
        await Note.setMany(valuesOf(rounds));
        expect(await Note.getMany(keys)).toEqual(valuesOf(rounds));
        // Statements of better-sqlite3 are no events; without this nothing else would have its turn.
        await new Promise((go) => setImmediate(go));
      }
      expect((await ended).movedRows).toBeGreaterThan(100);
      expect(rounds).toBeGreaterThan(3);
      expect(await Note.getMany(keys)).toEqual(valuesOf(rounds));
    } finally {
      await cluster.destroy();
      await databases.stop();
    }
  });

  caseOn(kind, 1)('goes to where keys are when it asks, and not to where they were when it began', async () => {
    const { databases, cluster } = await start();
    try {
      await cluster.reshard.provision();
      await Note.setMany(valuesOf(1));
      const run = await cluster.reshard.start(await cluster.reshard.plan({ add: [cluster.shards[2]!.name] }), { chunkRows: 500 });
      const repository = cluster.getRepository(Note);
      const late =
        (name: 'find' | 'upsert') =>
        async (...args: never[]) => {
          await run.finished;
          return (repository[name] as (...given: never[]) => Promise<unknown>)(...args);
        };
      const delayed = Object.assign(Object.create(cluster) as typeof cluster, {
        getRepository: () => Object.assign(Object.create(repository), { find: late('find'), upsert: late('upsert') }),
        shardFor: (...args: Parameters<typeof cluster.shardFor>) => cluster.shardFor(...args),
      });
      Note.use(delayed);
      const [read, written] = [Note.getMany(keys), Note.setMany(valuesOf(2))];
      expect((await run.finished).movedRows).toBeGreaterThan(100);
      await written;
      expect((await read).size).toBe(keys.length);
      Note.use(cluster);
      expect(await Note.getMany(keys)).toEqual(valuesOf(2));
    } finally {
      await cluster.destroy();
      await databases.stop();
    }
  });
});
