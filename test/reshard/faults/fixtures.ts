import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { memoryTopology, modulo, ShardedDataSource, type ShardedDataSourceOptions, ShardKey, sqlTopology } from '../../../src';
import { ReshardStoppedError } from '../../../src/errors';
import type { ReshardChange } from '../../../src/reshard/reshard-change';
import type { ReshardRun, ReshardRunOptions } from '../../../src/reshard/reshard-run';
import type { SqlTopologyOptions } from '../../../src/topology';
import { shardsOf } from '../../cluster/fixtures/clusters';
import { createDatabases, type DatabaseKind, type TestDatabases, waitUntil } from '../../database';

/** Placed by its id. */
@Entity()
export class Note {
  @PrimaryColumn('bigint') @ShardKey() id!: string;
  @Column({ default: 0 }) value!: number;
  @Column('text') body!: string;
}

/** Of a note, with ids that are unique within a shard only. */
@Entity()
@Index(['noteId', 'id'])
export class Line {
  @PrimaryColumn('int') id!: number;
  @Column('bigint') @ShardKey(() => Note) noteId!: string;
}

/** From s1 and s2 to all three. */
export const GROW: ReshardChange = { placement: modulo(['s1', 's2', 's3']) };

/** How a cluster of notes is made. */
export interface NotesOptions {
  /** Options of shards of their own, by name. */
  readonly shards?: Readonly<Record<string, object>>;
  readonly resharding?: object;
  readonly more?: object;
  /** Whether the topology is in a database, as for several processes. */
  readonly isShared?: boolean;
}

/** Servers on a busy machine end a connection that was idle for a second before the pool has come to close it. */
const QUICK = { routeLeaseMs: 200, refreshMs: 20, idleTimeoutMs: 3_000 };

/** A cluster of notes over s1 and s2, and s3, which owns nothing yet; one process, whose topology is in memory. */
export class NotesCluster {
  readonly #others: ShardedDataSource[] = [];

  private constructor(
    readonly databases: TestDatabases,
    readonly options: () => ShardedDataSourceOptions,
    readonly cluster: ShardedDataSource,
  ) {}

  static async start(kind: DatabaseKind, { shards = {}, resharding, more, isShared }: NotesOptions = {}): Promise<NotesCluster> {
    const databases = await createDatabases(kind, isShared ? 4 : 3, { onDisk: kind === 'better-sqlite3' });
    const place = { type: databases.type, ...databases.shards[3]?.options, pollMs: 20 } as SqlTopologyOptions;
    const given = {
      type: databases.type,
      shards: shardsOf(databases, { ...shards, s3: { weight: 0, ...shards.s3 } }).slice(0, 3),
      entities: [Note, Line],
      placement: modulo(['s1', 's2']),
      resharding: { ...(isShared ? QUICK : { graceMs: 0 }), disarmMarginMs: 0, staleRetryMs: 2_000, ...resharding },
      ...more,
    };
    const options = () => ({ ...given, topology: isShared ? sqlTopology(place) : memoryTopology() }) as unknown as ShardedDataSourceOptions;
    const made = new NotesCluster(databases, options, new ShardedDataSource({ ...options(), synchronize: true }));
    try {
      await made.cluster.initialize();
      await made.cluster.reshard.provision();
      return made;
    } catch (error) {
      await made.stop();
      throw error;
    }
  }

  /** Another process, as far as databases and topology can tell; not initialized. */
  another(): ShardedDataSource {
    const other = new ShardedDataSource(this.options());
    this.#others.push(other);
    return other;
  }

  async stop(): Promise<void> {
    for (const other of this.#others) await other.destroy();
    await this.cluster.destroy();
    await this.databases.stop();
  }

  /** Inserts notes from 0 on. */
  async fill(count: number, body = 'text'): Promise<void> {
    await this.cluster.getRepository(Note).insert(Array.from({ length: count }, (_, id) => ({ id: String(id), value: 0, body })));
  }

  async start(change: ReshardChange, options: ReshardRunOptions = {}): Promise<ReshardRun> {
    return this.cluster.reshard.start(await this.cluster.reshard.plan(change), options);
  }

  /** A run that has been let move, and has moved nothing. */
  async paused(change: ReshardChange, options: ReshardRunOptions = {}): Promise<ReshardRun> {
    const run = await this.start(change, options);
    await run.pause();
    await waitUntil(() => run.progress.phase === 'moving', { what: 'that it may move' });
    return run;
  }

  sqlOn(shard: string, sql: string): Promise<unknown> {
    return this.cluster.query(sql, [], { shards: [shard] });
  }

  /** What of the notes cannot be read and written as ever; each is given the value. */
  async unserved(count: number, value: number, cluster = this.cluster): Promise<readonly string[]> {
    const notes = cluster.getRepository(Note);
    const ids = Array.from({ length: count }, (_, id) => String(id));
    const faults = ids.map(async (id) => {
      const { affected } = await notes.update({ id }, { value });
      const found = await notes.findOneBy({ id });
      return found?.value === value && affected !== 0 ? [] : [`note ${id} has ${found?.value}`];
    });
    const counted = await notes.countBy({ value });
    const total = await notes.count();
    return [...(await Promise.all(faults)).flat(), ...(total === count && counted <= count ? [] : [`${total} notes are counted`])];
  }

  /** What is not well after all has moved. */
  async faults({ reshard } = this.cluster): Promise<unknown> {
    const [audit, { faults }, status] = [await reshard.audit(), await reshard.verify(), await reshard.status()];
    return { isWell: audit.isWell, faults, status };
  }
}

/** What {@link NotesCluster.faults} answers when there are none. */
export const WELL = { isWell: true, faults: [], status: null };

/** The error that a run stopped with. */
export async function stopOf(run: ReshardRun): Promise<ReshardStoppedError> {
  const error = await run.finished.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ReshardStoppedError);
  return error as ReshardStoppedError;
}
