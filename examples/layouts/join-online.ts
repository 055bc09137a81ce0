import { randomInt, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { hashRing, type ReshardReport, ShardedDataSource, sqlTopology } from 'typeorm-sharding';
import { experiments, keys, layoutOf, UserHomeLayout } from './published';
import { countRows, forEachKey, type Laboratory } from './run-experiment';

/** What came of adding a shard while a writer went on. */
export interface Joining {
  /** Rows by shard, counted by the databases. */
  readonly counts: Readonly<Record<string, number>>;
  readonly report: ReshardReport;
  /** How many writes were acknowledged while rows moved. */
  readonly acknowledged: number;
  /** How many layouts are not what was acknowledged last. */
  readonly wrong: number;
}

/** No other process shares this topology, so nobody has to be waited for as long as by default. */
const TIMES = { routeLeaseMs: 2_000, refreshMs: 200, idleTimeoutMs: 1_000, graceMs: 3_000, disarmMarginMs: 0 };

/** Writes all layouts to two shards, and adds the third while a writer keeps setting layouts. */
export async function joinOnline(laboratory: Laboratory): Promise<Joining> {
  const { databases } = experiments.threeShards;
  const { type, shards } = await laboratory.databases.create(databases);
  const newcomer = databases[2];
  const location = join(tmpdir(), `layouts-topology-${randomUUID()}.sqlite`);
  const cluster = new ShardedDataSource({
    type,
    entities: [UserHomeLayout],
    synchronize: true,
    placement: hashRing({ virtualNodes: 160 }),
    shards: shards.map((shard) => (typeof shard === 'object' && shard.name === newcomer ? { ...shard, weight: 0 } : shard)),
    topology: sqlTopology({ type: 'sqljs', location, cluster: 'default' }),
    resharding: TIMES,
  });
  try {
    await cluster.initialize();
    UserHomeLayout.use(cluster);
    await forEachKey(laboratory, 'Two shards again: write', (guid, index) =>
      new UserHomeLayout(guid, layoutOf(index)).set().then(() => {}),
    );
    return await moveUnderWrites(cluster, newcomer, laboratory);
  } finally {
    await cluster.destroy();
    await rm(location, { force: true });
  }
}

async function moveUnderWrites(cluster: ShardedDataSource, newcomer: string, { progress, signal }: Laboratory): Promise<Joining> {
  const writer = new Writer();
  await cluster.reshard.provision();
  const plan = await cluster.reshard.plan({ add: [newcomer] });
  const run = await cluster.reshard.start(plan, { signal });
  progress.begin('A third shard joins: move', plan.rows);
  const writing = writer.run();
  let shown = 0;
  for await (const { movedRows } of run) {
    progress.advance(movedRows - shown);
    shown = movedRows;
  }
  const report = await run.finished.finally(() => writer.stop());
  await writing;
  progress.end();
  return { counts: await countRows(cluster), report, acknowledged: writer.acknowledged, wrong: await writer.countWrong() };
}

/** Sets layouts of random keys, and knows what was acknowledged last of each. */
class Writer {
  acknowledged = 0;
  readonly #last = new Map<string, number[]>();
  #stopped = false;

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      // SQLite in memory answers without ever waiting, and the move must have its turn.
      await setImmediate();
      const guid = keys[randomInt(keys.length)] as string;
      const layout = [this.acknowledged, -1];
      await new UserHomeLayout(guid, layout).set();
      this.#last.set(guid, layout);
      this.acknowledged += 1;
    }
  }

  async countWrong(): Promise<number> {
    let wrong = 0;
    for (const [index, guid] of keys.entries()) {
      const expected = this.#last.get(guid) ?? layoutOf(index);
      if (String(await UserHomeLayout.get(guid)) !== String(expected)) wrong += 1;
    }
    return wrong;
  }
}
