import type { QueryRunner } from 'typeorm';
import { type ClusterCore, namedRunner, type ShardDataSource } from '../../cluster';
import { OwnershipMarks } from '../../fence';
import { isSqlite } from '../../metadata';
import { type MovableTable, type MoverSource, movableTables, openMoverSource } from '../rows';

/** A shard as a mover reaches it. */
export interface MoverShard {
  readonly name: string;
  readonly source: ShardDataSource;
  readonly marks: OwnershipMarks;
  /** Whether the database has one handle, and one transaction at a time. */
  readonly isEmbedded: boolean;
  /** The tables of a group there. */
  tables(group: string): readonly MovableTable[];
  /** Gives work a connection that nobody else uses meanwhile. @throws {ShardError} of its statements. */
  use<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T>;
}

/** The connections of one run to its shards: opened when first used, kept until {@link destroy}. */
export class MoverConnections {
  readonly #core: () => ClusterCore;
  readonly #perShard: number;
  readonly #shards = new Map<string, Promise<OpenShard>>();

  /** @param perShard - how many connections each shard is given at most. */
  constructor(core: () => ClusterCore, perShard: number) {
    this.#core = core;
    this.#perShard = perShard;
  }

  /** Opens a shard, also one that owns nothing yet. @throws {ShardError} when its database cannot be reached. */
  shard(name: string): Promise<MoverShard> {
    const known = this.#shards.get(name) ?? this.#open(name);
    this.#shards.set(name, known);
    known.catch(() => this.#shards.delete(name));
    return known;
  }

  /** Closes all connections; work that is under way must have ended. */
  async destroy(): Promise<void> {
    const opened = await Promise.allSettled(this.#shards.values());
    this.#shards.clear();
    await Promise.all(opened.map((shard) => (shard.status === 'fulfilled' ? shard.value.destroy() : undefined)));
  }

  async #open(name: string): Promise<OpenShard> {
    const source = await this.#core().shard(name).open();
    return new OpenShard(name, await openMoverSource(source, { connections: this.#perShard }));
  }
}

class OpenShard implements MoverShard {
  readonly marks: OwnershipMarks;
  readonly isEmbedded: boolean;
  readonly #tables = new Map<string, readonly MovableTable[]>();
  readonly #free: QueryRunner[] = [];

  constructor(
    readonly name: string,
    readonly mover: MoverSource,
  ) {
    this.marks = new OwnershipMarks(mover.source);
    this.isEmbedded = isSqlite(mover.source);
  }

  get source(): ShardDataSource {
    return this.mover.source;
  }

  tables(group: string): readonly MovableTable[] {
    const known = this.#tables.get(group) ?? movableTables(this.source, group);
    this.#tables.set(group, known);
    return known;
  }

  async use<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.#free.pop() ?? namedRunner(this.source);
    let isWell = false;
    try {
      const value = await work(runner);
      isWell = !runner.isTransactionActive;
      return value;
    } finally {
      // What failed may be broken; and sql.js writes its file when a runner is released.
      if (isWell && !this.isEmbedded) this.#free.push(runner);
      else await runner.release();
    }
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#free.splice(0).map((runner) => runner.release()));
    await this.mover.destroy();
  }
}
