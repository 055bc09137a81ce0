import type { QueryRunner } from 'typeorm';
import { namedRunner, type ShardDataSource, type ShardHandle } from '../cluster';
import { openMoverSource } from './rows';

/** A shard with a connection of its own, in no transaction. */
export interface OpenedShard {
  readonly shard: ShardHandle;
  readonly source: ShardDataSource;
  readonly runner: QueryRunner;
}

/** Opens connections of their own to shards, gives them to work, and closes them again. @throws as `openMoverSource`; {ShardError} of statements. */
export async function withSources<T>(shards: readonly ShardHandle[], work: (opened: readonly OpenedShard[]) => Promise<T>): Promise<T> {
  const opened: (OpenedShard & { readonly destroy: () => Promise<void> })[] = [];
  try {
    for (const shard of shards) {
      const { source, destroy } = await openMoverSource(await shard.open(), { connections: 2 });
      opened.push({ shard, source, destroy, runner: namedRunner(source) });
    }
    return await work(opened);
  } finally {
    for (const { runner, destroy } of opened) {
      await runner.release();
      await destroy();
    }
  }
}
