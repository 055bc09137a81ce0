import type { EntityManager, QueryRunner } from 'typeorm';
import { type ClusterCore, type ShardAccess, type ShardHandle, shardFault, shardOf } from '../../cluster';
import { TransactionShardError } from '../../errors';

/** Runs calls on a connection that is inside a transaction, and so on its shard only. */
export class RunnerAccess implements ShardAccess {
  readonly pinned: ShardHandle;
  /** Budgets are for calls to several shards. */
  readonly maxRows = undefined;

  constructor(
    readonly runner: QueryRunner,
    core: ClusterCore,
  ) {
    this.pinned = core.shard(shardOf(runner) ?? '');
  }

  admit(shards: readonly ShardHandle[]): void {
    if (shards.every((shard) => shard === this.pinned)) return;
    throw new TransactionShardError(
      this.pinned.name,
      shards.map(({ name }) => name),
    );
  }

  /** See {@link maxRows}. */
  admitRows(): void {}

  async run<T>(shard: ShardHandle, call: (manager: EntityManager) => Promise<T>): Promise<T> {
    this.admit([shard]);
    try {
      return await call(this.runner.manager);
    } catch (error) {
      throw shardFault(shard.name, error);
    }
  }

  managerNow(): EntityManager {
    return this.runner.manager;
  }

  async runAll<T>(
    _operation: string,
    shards: readonly ShardHandle[],
    call: (manager: EntityManager, shard: ShardHandle) => Promise<T>,
  ): Promise<readonly T[]> {
    this.admit(shards);
    return shards.length === 0 ? [] : [await this.run(this.pinned, (manager) => call(manager, this.pinned))];
  }
}
