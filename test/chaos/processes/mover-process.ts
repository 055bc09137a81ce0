import { subscribe } from 'node:diagnostics_channel';
import { readSync, writeSync } from 'node:fs';
import type { ReshardChange, ShardedDataSource } from 'typeorm-sharding';
import type { ClusterDescription } from '../databases/chaos-databases';
import { addedWeight, chaosCluster } from '../library';
import { type KeyedTable, placementOf, type Width } from '../rows/placements';
import { answerRequests, tell } from './child-side';

/** The pipe on which steps are announced, and on which one byte lets the mover go on. */
const gate = 4;

interface Order {
  /** What to plan and start; without it a run is resumed. */
  readonly change?: Change;
  /** Steps before which to stop and ask. */
  readonly gates: readonly string[];
}

/** A change as it is sent: placements by their width. */
type Change = object | { readonly table: KeyedTable; readonly width: Width };

let cluster: ShardedDataSource;
let gates = new Set<string>();

subscribe('typeorm-sharding:reshard:step', (message) => {
  const { step, shard, group } = message as { readonly step: string; readonly shard?: string; readonly group?: string };
  tell({ event: 'passed', step });
  if (!gates.has(step)) return;
  writeSync(gate, `${JSON.stringify({ step, shard, group })}\n`);
  // Nothing of this process goes on meanwhile, as in one that was stopped.
  const answer = Buffer.alloc(1);
  readSync(gate, answer, 0, 1, null);
  if (answer.toString() === 'o') gates = new Set();
});

answerRequests({
  async begin(description: ClusterDescription) {
    const shards = description.shards.map((shard) => (shard.name === 's3' ? { ...shard, weight: addedWeight } : shard));
    cluster = await chaosCluster({ ...description, shards }).initialize();
  },
  async run({ change, gates: wanted }: Order) {
    const { reshard } = cluster;
    gates = new Set(wanted);
    let watch: NodeJS.Timeout | undefined;
    try {
      const run = change ? await reshard.start(await reshard.plan(changeOf(change)), runOptions) : await reshard.resume(runOptions);
      watch = setInterval(() => tell({ event: 'progress', progress: run.progress }), 3_000);
      return { report: await run.finished };
    } catch (error) {
      const { code, retryable, message, cause } = error as { code?: string; retryable?: boolean; message: string; cause?: Error };
      return {
        failed: {
          code: code ?? String(error),
          retryable: retryable === true,
          message,
          cause: cause && String(cause.stack ?? cause).slice(0, 800),
        },
      };
    } finally {
      clearInterval(watch);
    }
  },
  async end() {
    await cluster.destroy();
    setImmediate(() => process.disconnect());
  },
});

function changeOf(change: Change): ReshardChange {
  return 'table' in change ? { group: change.table, placement: placementOf(change.table, change.width) } : change;
}

const runOptions = { chunkRows: 40, workers: 2 };
