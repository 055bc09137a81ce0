import { subscribe } from 'node:diagnostics_channel';
import { readSync, writeSync } from 'node:fs';
import type { ShardedDataSource } from 'typeorm-sharding';
import type { ClusterDescription } from '../databases/chaos-databases';
import { addedWeight, chaosCluster } from '../library';
import { answerRequests, tell } from './child-side';

/** The pipe on which steps are announced, and on which one byte lets the mover go on. */
const gate = 4;

interface Run {
  readonly planId: string;
  readonly progress: { readonly phase: string; readonly movedRows: number; readonly chunks: number; readonly waitingFor?: string };
  readonly finished: Promise<object>;
}

/** What the trial uses of `cluster.reshard`. */
interface Reshard {
  readonly plan: (change: object) => Promise<object>;
  readonly start: (plan: object, options: object) => Promise<Run>;
  readonly resume: (options: object) => Promise<Run>;
  readonly audit: () => Promise<object>;
}

interface Order {
  /** What to plan and start; without it a run is resumed. */
  readonly change?: object;
  /** Steps before which to stop and ask. */
  readonly gates: readonly string[];
}

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
    return typeof (cluster as { reshard?: Partial<Reshard> }).reshard?.start === 'function';
  },
  async run({ change, gates: wanted }: Order) {
    const { reshard } = cluster as unknown as { readonly reshard: Reshard };
    gates = new Set(wanted);
    let watch: NodeJS.Timeout | undefined;
    try {
      const run = change ? await reshard.start(await reshard.plan(change), runOptions) : await reshard.resume(runOptions);
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
  audit: () => (cluster as unknown as { readonly reshard: Reshard }).reshard.audit(),
  async end() {
    await cluster.destroy();
    setImmediate(() => process.disconnect());
  },
});

const runOptions = { chunkRows: 40, workers: 2 };
