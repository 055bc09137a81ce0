import type { Readable } from 'node:stream';
import { cancellerOf, type ShardHandle, shardFault } from '../../cluster';
import type { Recipe } from '../../scatter';

/**
 * The raw rows of one shard. They come over a connection of their own, which is given back at their end; when the consumer leaves them
 * early it is closed instead, since the rest of the rows would still come over it.
 */
export async function* shardStream(shard: ShardHandle, recipe: Recipe): AsyncGenerator<unknown, void, undefined> {
  const source = shard.current ?? (await shard.open());
  const runner = source.createQueryRunner(source.defaultReplicationModeForReads());
  let isBusy = false;
  try {
    const rows: Readable = await recipe(runner.manager).stream();
    isBusy = true;
    yield* rows;
    isBusy = false;
  } catch (error) {
    throw shardFault(shard.name, error);
  } finally {
    if (isBusy) cancellerOf(source)?.closeConnection(await runner.connect());
    await runner.release();
  }
}
