import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashRing, type ReshardReport, ShardedDataSource, sqlTopology } from 'typeorm-sharding';
import { LayoutWriter, type Ledger } from './layout-writer';
import { experiments, keys, layoutOf, UserHomeLayout } from './published';
import { forEachKey, type Laboratory } from './run-experiment';
import { showRun } from './show-run';
import { compareStored, type Findings } from './stored-layouts';

/** What came of adding a shard while somebody went on writing. */
export interface Joining {
  readonly report: ReshardReport;
  /** What the databases have in the end. */
  readonly findings: Findings;
  /** How many writes were acknowledged. */
  readonly acknowledged: number;
  /** How many reads gave something else than what was acknowledged last. */
  readonly wrongReads: number;
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
    await forEachKey(laboratory, 'Two shards again: write', (guid, index) => new UserHomeLayout(guid, layoutOf(index)).set());
    return await moveUnderWrites(cluster, newcomer, laboratory);
  } finally {
    await cluster.destroy();
    await rm(location, { force: true });
  }
}

async function moveUnderWrites(cluster: ShardedDataSource, newcomer: string, { progress, signal }: Laboratory): Promise<Joining> {
  const ledger: Ledger = new Map(keys.map((key, index) => [key, layoutOf(index)]));
  const writer = new LayoutWriter(ledger);
  await cluster.reshard.provision();
  const plan = await cluster.reshard.plan({ add: [newcomer] });
  const run = await cluster.reshard.start(plan, { signal });
  const writing = writer.run();
  const report = await showRun(run, progress).finally(() => writer.stop());
  await writing;
  const { acknowledged, wrongReads } = writer;
  return { report, findings: await compareStored(cluster, ledger), acknowledged, wrongReads };
}
