import { randomUUID } from 'node:crypto';
import { DataSource, type DataSourceOptions, type Repository } from 'typeorm';
import { ShardedDataSource, type ShardedDataSourceOptions } from 'typeorm-sharding';
import { type BenchKind, createBenchDatabases } from './bench-databases';
import { randomNumbers } from './random-numbers';
import { User } from './user';

const ROWS = 4_000;
const ROWS_PER_INSERT = 500;
const SHARDS = ['s1', 's2', 's3'];

/** A cluster, and an ordinary data source over one database with the same rows. */
export class Contestants {
  readonly #random = randomNumbers(3);
  readonly #guids = Array.from({ length: ROWS }, () => randomUUID());
  readonly #plain: ReadonlyMap<string, Repository<User>>;
  readonly routed: Repository<User>;
  readonly ordinary: Repository<User>;

  private constructor(
    readonly cluster: ShardedDataSource,
    readonly single: DataSource,
    readonly stopDatabases: () => Promise<void>,
  ) {
    this.routed = cluster.getRepository(User);
    this.ordinary = single.getRepository(User);
    this.#plain = new Map(cluster.shards.map(({ name, dataSource }) => [name, dataSource.getRepository(User)]));
  }

  /** Opens both and fills them. */
  static async open(kind: BenchKind): Promise<Contestants> {
    const { type, connections, stop } = await createBenchDatabases(kind, [...SHARDS, 'ordinary']);
    const shards = SHARDS.map((name, index) => ({ ...connections[index], name }));
    const shared = { type, entities: [User], synchronize: true };
    const cluster = new ShardedDataSource({ ...shared, shards } as ShardedDataSourceOptions);
    const single = new DataSource({ ...shared, ...connections[SHARDS.length] } as DataSourceOptions);
    await Promise.all([cluster.initialize(), single.initialize()]);
    const contestants = new Contestants(cluster, single, stop);
    await contestants.#fill();
    return contestants;
  }

  async close(): Promise<void> {
    await Promise.all([this.cluster.destroy(), this.single.destroy()]);
    await this.stopDatabases();
  }

  /** TypeORM's own repository on the shard that owns the key. */
  plainFor(guid: string): Repository<User> {
    return this.#plain.get(this.cluster.shardFor(User, guid).name)!;
  }

  /** A key that has a row, everywhere. */
  existingGuid(): string {
    return this.#guids[Math.floor(this.#random() * ROWS)]!;
  }

  /** Two keys without rows on one shard, so that both halves of a pair meet the same database. */
  freshGuids(): readonly [string, string] {
    const first = randomUUID();
    for (;;) {
      const second = randomUUID();
      if (this.plainFor(second) === this.plainFor(first)) return [first, second];
    }
  }

  async #fill(): Promise<void> {
    for (let start = 0; start < ROWS; start += ROWS_PER_INSERT) {
      const rows = this.#guids.slice(start, start + ROWS_PER_INSERT).map((guid) => ({ guid, name: 'somebody' }));
      await this.routed.insert(rows.map((row) => ({ ...row })));
      await this.ordinary.insert(rows);
    }
  }
}
