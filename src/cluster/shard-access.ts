import type { EntityManager, QueryRunner } from 'typeorm';
import { type CallLimit, callLimit } from './call-limit';
import { gather } from './gather';
import type { ShardHandle } from './shard';
import { shardFault } from './shard-fault';

/** Runs calls on shards; a transaction has one that keeps to its shard. */
export interface ShardAccess {
  /** The only shard that calls may go to; undefined when it is free. */
  readonly pinned: ShardHandle | undefined;
  /** Says that calls are about to go to these shards. @throws {TransactionShardError} when a transaction cannot make all of them. */
  admit(shards: readonly ShardHandle[]): void;
  /** Runs a call on one shard. What its database throws is named with the shard. */
  run<T>(shard: ShardHandle, call: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Counts rows that shards have returned for the call. @throws {ScatterBudgetError} when they are more than its budget allows. */
  admitRows(count: number): void;
  /** The most rows that the call may get from its shards together, so that no shard need be asked for more than one beyond; undefined without a limit. */
  readonly maxRows: number | undefined;
  /** The manager on which calls run, when it is there without waiting; of the transaction's shard when none is named. */
  managerNow(shard?: ShardHandle): EntityManager | undefined;
  /**
   * Runs a call on several shards at once.
   *
   * @returns The results in the order of `shards`.
   * @throws {ShardsFailedError} when any of them failed, after all have ended; an error that all of them throw without a fault of
   *   their databases, for example TypeORM's for an unknown property, is thrown as it is.
   */
  runAll<T>(
    operation: string,
    shards: readonly ShardHandle[],
    call: (manager: EntityManager, shard: ShardHandle) => Promise<T>,
  ): Promise<readonly T[]>;
}

/** Gives a query runner what its statements need to be checked with. */
export type AdaptRunner = (runner: QueryRunner) => void;

/** Runs calls that belong to no transaction. */
export interface FreeAccess extends ShardAccess {
  /** Holds back calls beyond the cluster's concurrency; all calls to several shards share it. */
  readonly limit: CallLimit;
  /** Whether writes to the shard must lock what they claim, so that they cannot be given up when their time is over. */
  mustLock?(shard: ShardHandle): boolean;
  /** Runs a call that makes query runners of its own on a shard, and adapts each before its first statement. */
  around<T>(shard: ShardHandle, call: (adapt: AdaptRunner) => Promise<T>): Promise<T>;
}

/** Runs calls on the shards' own managers, each statement for itself. */
export class DirectAccess implements FreeAccess {
  readonly pinned = undefined;
  readonly maxRows = undefined;
  readonly limit: CallLimit;

  constructor(concurrency: number) {
    this.limit = callLimit(concurrency);
  }

  /** Outside of transactions calls may go anywhere. */
  admit(): void {}

  /** Without a budget any number of rows may come. */
  admitRows(): void {}

  async run<T>(shard: ShardHandle, call: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      const source = shard.current ?? (await shard.open());
      return await call(source.manager);
    } catch (error) {
      throw shardFault(shard.name, error);
    }
  }

  /** Nothing is checked: every statement may be sent. */
  around<T>(_shard: ShardHandle, call: (adapt: AdaptRunner) => Promise<T>): Promise<T> {
    return call(() => undefined);
  }

  managerNow(shard?: ShardHandle): EntityManager | undefined {
    return shard?.current?.manager;
  }

  async runAll<T>(
    operation: string,
    shards: readonly ShardHandle[],
    call: (manager: EntityManager, shard: ShardHandle) => Promise<T>,
  ): Promise<readonly T[]> {
    const [only] = shards;
    if (only && shards.length === 1) return [await this.run(only, (manager) => call(manager, only))];
    return gather(operation, shards, (shard) => this.limit(() => this.run(shard, (manager) => call(manager, shard))));
  }
}
