import { setImmediate } from 'node:timers/promises';
import { hashRing, ShardedDataSource } from 'typeorm-sharding';
import type { Databases } from './databases';
import type { Progress } from './progress';
import { type Experiment, keys, layoutOf, UserHomeLayout } from './published';

/** Calls that are made at once. */
const CALLS_AT_ONCE = 20;

/** What came out of one experiment. */
export interface Outcome {
  readonly experiment: Experiment;
  /** Rows by shard, counted by the databases. */
  readonly counts: Readonly<Record<string, number>>;
  /** By key, the shard whose database has the row. */
  readonly owners: ReadonlyMap<string, string>;
  /** How many layouts were read back otherwise than they were written. */
  readonly wrong: number;
  readonly writtenSeconds: number;
  readonly readSeconds: number;
}

/** What an experiment runs with. */
export interface Laboratory {
  readonly databases: Databases;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Writes all layouts to fresh databases, reads them back, and counts the rows in each database. */
export async function runExperiment(experiment: Experiment, laboratory: Laboratory): Promise<Outcome> {
  const { type, shards } = await laboratory.databases.create(experiment.databases);
  const { partitions } = experiment;
  const cluster = new ShardedDataSource({
    type,
    entities: [UserHomeLayout],
    synchronize: true,
    placement: hashRing({ virtualNodes: 160 }),
    shards: shards.map((shard) => (typeof shard === 'object' && partitions ? { ...shard, partitions } : shard)),
  });
  try {
    await cluster.initialize();
    UserHomeLayout.use(cluster);
    const writtenSeconds = await forEachKey(laboratory, `${experiment.title}: write`, async (guid, index) => {
      await new UserHomeLayout(guid, layoutOf(index)).set();
    });
    let wrong = 0;
    const readSeconds = await forEachKey(laboratory, `${experiment.title}: read`, async (guid, index) => {
      if (String(await UserHomeLayout.get(guid)) !== String(layoutOf(index))) wrong += 1;
    });
    return { experiment, counts: await countRows(cluster), owners: await findOwners(cluster), wrong, writtenSeconds, readSeconds };
  } finally {
    await cluster.destroy();
  }
}

/** Does the work for every key, a few at once. @returns The seconds that it took. */
export async function forEachKey(
  { progress, signal }: Pick<Laboratory, 'progress' | 'signal'>,
  label: string,
  work: (guid: string, index: number) => Promise<void>,
): Promise<number> {
  const began = performance.now();
  progress.begin(label, keys.length);
  for (let from = 0; from < keys.length; from += CALLS_AT_ONCE) {
    // SQLite in memory answers without ever waiting, so this is where Ctrl-C is noticed and the progress drawn.
    await setImmediate();
    signal.throwIfAborted();
    const batch = keys.slice(from, from + CALLS_AT_ONCE);
    await Promise.all(batch.map((guid, offset) => work(guid, from + offset)));
    progress.advance(batch.length);
  }
  progress.end();
  return (performance.now() - began) / 1_000;
}

/** Asks every database itself how many rows its table has. */
export async function countRows(cluster: ShardedDataSource): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name, dataSource } of cluster.shards) {
    const [row] = await dataSource.query(`SELECT COUNT(*) AS n FROM ${dataSource.getMetadata(UserHomeLayout).tableName}`);
    counts[name] = Number(row.n);
  }
  return counts;
}

async function findOwners(cluster: ShardedDataSource): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  for (const { name, dataSource } of cluster.shards) {
    const rows: { ikey: string }[] = await dataSource.query(`SELECT ikey FROM ${dataSource.getMetadata(UserHomeLayout).tableName}`);
    for (const { ikey } of rows) owners.set(ikey, name);
  }
  return owners;
}
