import { DataSource, type DataSourceOptions, type FindManyOptions, type Repository } from 'typeorm';
import { ShardedDataSource, type ShardedDataSourceOptions, type ShardedRepository } from 'typeorm-sharding';
import { createBenchDatabases } from './bench-databases';
import { Event } from './event';
import { fillEvents } from './event-rows';

const SHARDS = ['s1', 's2', 's3', 's4'];

/** Four shards, and an ordinary data source over one database with the same rows. */
export class EventContestants {
  readonly routed: ShardedRepository<Event>;
  readonly ordinary: Repository<Event>;
  /** TypeORM's own repository of each shard. */
  readonly plain: readonly Repository<Event>[];

  private constructor(
    readonly cluster: ShardedDataSource,
    readonly single: DataSource,
    readonly guids: readonly string[],
    readonly stopDatabases: () => Promise<void>,
  ) {
    this.routed = cluster.getRepository(Event) as ShardedRepository<Event>;
    this.ordinary = single.getRepository(Event);
    this.plain = cluster.shards.map(({ dataSource }) => dataSource.getRepository(Event));
  }

  /** Opens both and fills them. */
  static async open(rows: number): Promise<EventContestants> {
    const { type, connections, stop } = await createBenchDatabases('mariadb', [...SHARDS, 'ordinary']);
    const shards = SHARDS.map((name, index) => ({ ...connections[index], name }));
    const shared = { type, entities: [Event], synchronize: true };
    const cluster = new ShardedDataSource({ ...shared, shards } as ShardedDataSourceOptions);
    const single = new DataSource({ ...shared, ...connections[SHARDS.length] } as DataSourceOptions);
    await Promise.all([cluster.initialize(), single.initialize()]);
    const guids = await fillEvents(cluster, single, rows);
    // Fresh statistics on both sides: without them the optimizer may choose another index for the one or the other.
    await Promise.all([single, ...cluster.shards.map(({ dataSource }) => dataSource)].map((each) => each.query('ANALYZE TABLE event')));
    return new EventContestants(cluster, single, guids, stop);
  }

  async close(): Promise<void> {
    await Promise.all([this.cluster.destroy(), this.single.destroy()]);
    await this.stopDatabases();
  }
}

/** Newest first. */
export const NEWEST_FIRST: FindManyOptions<Event> = { order: { createdAt: 'DESC' } };

/** Compares as {@link NEWEST_FIRST} orders, as far as JavaScript's times go. */
export function newerFirst(a: Event, b: Event): number {
  const difference = b.createdAt.getTime() - a.createdAt.getTime();
  return difference !== 0 ? difference : a.guid < b.guid ? 1 : -1;
}
