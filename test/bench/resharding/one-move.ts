import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ReshardReport, ReshardRunOptions, ReshardStep, ShardedDataSource } from 'typeorm-sharding';

/** A move, with how long rows were on the move: from the first freeze until the new placement was in force. */
export interface TimedMove {
  readonly report: ReshardReport;
  readonly movingMs: number;
}

/** What a move is begun with, and is told. */
export interface MoveOptions extends ReshardRunOptions {
  /** Runs while rows move; the move ends by itself. */
  readonly whileMoving?: () => Promise<void>;
}

/** Moves half of the rows to the shard that has none, or all of them back. */
export async function moveOnce(cluster: ShardedDataSource, { whileMoving, ...options }: MoveOptions = {}): Promise<TimedMove> {
  const isBack = cluster.routingTables.get('Account')!.shards.length > 1;
  const plan = await cluster.reshard.plan(isBack ? { remove: ['s2'] } : { add: ['s2'] });
  const times = new Map<string, number>();
  let begun: (value?: unknown) => void = () => {};
  const isMoving = new Promise((resolve) => {
    begun = resolve;
  });
  const listen = (message: unknown) => {
    const { step } = message as ReshardStep;
    if (!times.has(step)) times.set(step, performance.now());
    if (step === 'freeze') begun();
  };
  subscribe(CHANNEL, listen);
  try {
    const run = await cluster.reshard.start(plan, options);
    await Promise.race([isMoving, run.finished]);
    await whileMoving?.();
    const report = await run.finished;
    return { report, movingMs: times.get('place')! - times.get('freeze')! };
  } finally {
    unsubscribe(CHANNEL, listen);
  }
}

const CHANNEL = 'typeorm-sharding:reshard:step';
