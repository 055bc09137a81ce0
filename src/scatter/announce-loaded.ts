import type { ObjectLiteral } from 'typeorm';
import type { ShardHandle } from '../cluster';
import { append } from '../query';
import type { ScatterCall } from './scatter-call';

/** An entity, and the shard that it was loaded from. */
export interface LoadedRow {
  readonly shard: ShardHandle;
  readonly entity: ObjectLiteral;
}

/**
 * Tells listeners and subscribers of the entities that an answer holds, those of each shard by its own data source. For entities that
 * were loaded silently, because not all of them were wanted.
 */
export async function announceLoaded({ sharding, access }: ScatterCall, rows: readonly LoadedRow[]): Promise<void> {
  const byShard = new Map<ShardHandle, ObjectLiteral[]>();
  for (const { shard, entity } of rows) append(byShard, shard, entity);
  for (const [shard, entities] of byShard) {
    const { dataSource } = shard;
    const ofTransaction = access.managerNow(shard)?.queryRunner;
    // It takes no connection before it runs a statement.
    const runner = ofTransaction ?? dataSource.createQueryRunner();
    try {
      await runner.broadcaster.broadcast('Load', dataSource.getMetadata(sharding.metadata.target), entities);
    } finally {
      if (!ofTransaction) await runner.release();
    }
  }
}
