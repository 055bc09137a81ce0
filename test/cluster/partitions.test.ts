import {
  Check,
  Column,
  DataSource,
  type DataSourceOptions,
  DefaultNamingStrategy,
  Entity,
  Index,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
  Unique,
} from 'typeorm';
import { ReferenceTable, ShardedDataSource, ShardKey } from '../../src';
import { createDatabases, sampledKinds, serverKinds, type TestDatabases, waitUntil } from '../database';
import { countConnections, optionsFor, shardsOf, sqlOn, startCluster } from './fixtures/clusters';
import { describeOn } from './fixtures/describe-on';

jest.setTimeout(30_000);

@Entity()
@ReferenceTable()
class Tag {
  @PrimaryColumn()
  id!: number;

  @Column({ length: 40 })
  label!: string;
}

@Entity()
@Index('by_title', ['title'])
class Topic {
  @PrimaryColumn({ length: 40, primaryKeyConstraintName: 'topic_key' })
  @ShardKey()
  guid!: string;

  @Column({ length: 40 })
  title!: string;

  @OneToMany(
    () => Reply,
    (reply) => reply.topic,
    { cascade: true },
  )
  replies!: Relation<Reply>[];

  @ManyToMany(() => Tag)
  @JoinTable()
  tags!: Tag[];
}

@Entity()
@Unique('one_place', ['topicGuid', 'place'])
@Check('positive_place', 'place > 0')
class Reply {
  @PrimaryColumn({ length: 40 })
  id!: string;

  @ShardKey(() => Topic)
  @Column({ length: 40 })
  topicGuid!: string;

  @ManyToOne(
    () => Topic,
    (topic) => topic.replies,
    { onDelete: 'CASCADE' },
  )
  @JoinColumn({ name: 'topicGuid', foreignKeyConstraintName: 'of_topic' })
  topic!: Relation<Topic>;

  @Column()
  place!: number;
}

class UpperCaseTables extends DefaultNamingStrategy {
  override tableName(target: string, custom: string | undefined): string {
    return (custom ?? target).toUpperCase();
  }
}

const entities = [Tag, Topic, Reply];
const tags = [1, 2].map((id) => Object.assign(new Tag(), { id, label: `tag ${id}` }));
const guids = Array.from({ length: 24 }, (_, index) => `guid-${index}`);

async function fill(source: DataSource): Promise<void> {
  await source.getRepository(Tag).save(tags.map((tag) => ({ ...tag })));
  const topics = guids.map((guid, index) => ({
    guid,
    title: `title ${index % 5}`,
    replies: [1, 2].map((place) => ({ id: `${guid}/${place}`, topicGuid: guid, place })),
    tags: tags.slice(0, index % 3),
  }));
  await source.getRepository(Topic).save(topics);
}

/** Topics with all that belongs to them, in an order of its own. */
async function read(source: DataSource): Promise<unknown> {
  const topics = await source.getRepository(Topic).find({ relations: { replies: true, tags: true } });
  const sorted = topics.map(({ replies, tags: labels, ...topic }) => ({
    ...topic,
    replies: replies.sort((a, b) => a.place - b.place),
    tags: labels.sort((a, b) => a.id - b.id),
  }));
  return sorted.sort((a, b) => (a.guid < b.guid ? -1 : 1));
}

describe.each(sampledKinds)('Partitions of a database (%s)', (kind) => {
  let databases: TestDatabases;

  beforeEach(async () => {
    // Type mysql alters MariaDB's nullable columns at every synchronize, also without this library.
    databases = await createDatabases(kind, 3, { onDisk: true, mysqlDriver: 'mariadb' });
  });

  afterEach(() => databases.stop());

  const partitioned = () => shardsOf(databases, { s1: { partitions: [1, 'b'] }, s2: { partitions: [1, 2] } }).slice(0, 2);
  const start = (more: object = {}) => startCluster(databases, { entities, synchronize: true, shards: partitioned(), ...more });
  const first = () => databases.shards[0]!;

  it('answer as one ordinary database does, relations and joins included', async () => {
    await using cluster = await start();
    const oracle = await new DataSource({
      type: databases.type,
      ...databases.shards[2]?.options,
      entities,
      synchronize: true,
    } as DataSourceOptions).initialize();
    await fill(oracle);

    await fill(cluster);

    expect(await read(cluster)).toEqual(await read(oracle));
    await cluster.getRepository(Topic).delete({ guid: 'guid-3' });
    await oracle.getRepository(Topic).delete({ guid: 'guid-3' });
    expect(await read(cluster)).toEqual(await read(oracle));
    expect(await cluster.getRepository(Reply).count()).toBe(2 * guids.length - 2);
    for (const { name, dataSource } of cluster.shards) {
      const owned = guids.filter((guid) => guid !== 'guid-3' && cluster.shardFor(Topic, guid).name === name);
      const rows = await dataSource.getRepository(Topic).find();
      expect(rows.map(({ guid }) => guid).sort()).toEqual(owned.sort());
      expect(owned.length).toBeGreaterThan(0);
    }
    await oracle.destroy();
  });

  it('keep their rows in tables, indices and constraints of their own', async () => {
    await using cluster = await start();

    const names = await namesIn(databases);

    for (const suffix of ['_p1', '_pb']) {
      for (const name of ['tag', 'topic', 'reply', 'topic_tags_tag']) expect(names).toContain(`${name}${suffix}`);
      for (const name of ['by_title', 'one_place', 'of_topic']) expect(names).toContain(`${name}${suffix}`);
      // TypeORM makes no checks on MariaDB, and names primary keys on PostgreSQL only.
      if (kind !== 'mariadb') expect(names).toContain(`positive_place${suffix}`);
      if (kind === 'postgres') expect(names).toContain(`topic_key${suffix}`);
    }
    expect(names).not.toContain('topic');
    expect(cluster.shards.map(({ name, partition }) => [name, partition])).toEqual([
      ['s1:1', '1'],
      ['s1:b', 'b'],
      ['s2:1', '1'],
      ['s2:2', '2'],
    ]);
  });

  it('respect a naming strategy and a prefix of the application', async () => {
    await using cluster = await start({ namingStrategy: new UpperCaseTables(), entityPrefix: 'app_' });
    await fill(cluster);

    const names = await namesIn(databases);

    for (const name of ['app_TOPIC_p1', 'app_REPLY_pb', 'app_TAG_p1', 'app_TOPIC_TAGS_TAG_pb']) expect(names).toContain(name);
    expect(((await read(cluster)) as unknown[]).length).toBe(guids.length);
  });

  it('are unchanged by synchronize() again', async () => {
    await using cluster = await start();
    await fill(cluster);

    for (const { name, dataSource } of cluster.shards) {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect([name, upQueries.map(({ query }) => query)]).toEqual([name, []]);
    }
    await cluster.synchronize();
    expect(((await read(cluster)) as unknown[]).length).toBe(guids.length);
  });

  it('are dropped once for each database, which the log says', async () => {
    const lines: string[] = [];
    const ignore = () => {};
    const log = (level: string, message: string) => lines.push(`${level}: ${message}`);
    const logger = { log, logQuery: ignore, logQueryError: ignore, logQuerySlow: ignore, logSchemaBuild: ignore, logMigration: ignore };
    await using cluster = await start({ logger, logging: ['info'] });
    await fill(cluster);

    await cluster.dropDatabase();

    const dropped = lines.filter((line) => line.includes('Dropped'));
    expect(dropped).toEqual([
      'info: Dropped all tables of the database that holds shard(s) s1:1, s1:b.',
      'info: Dropped all tables of the database that holds shard(s) s2:1, s2:2.',
    ]);
    expect(await namesIn(databases)).toEqual(['_shard_identity']);
    await cluster.synchronize();
    expect(await cluster.getRepository(Topic).count()).toBe(0);
  });

  it('are dropped at the start by dropSchema and made again', async () => {
    await using before = await start();
    await fill(before);
    await before.destroy();

    await using cluster = await start({ dropSchema: true });

    expect(await cluster.getRepository(Topic).count()).toBe(0);
    await fill(cluster);
    await cluster.synchronize(true);
    expect(await cluster.getRepository(Topic).count()).toBe(0);
  });

  it('stay open for each other when the data source of one is destroyed', async () => {
    await using cluster = await start();
    await fill(cluster);

    await cluster.shard('s1:1').dataSource.destroy();

    expect(await cluster.shard('s1:b').dataSource.getRepository(Topic).count()).toBeGreaterThan(0);
    await expect(cluster.shard('s1:1').dataSource.query('SELECT 1')).rejects.toThrow();
  });

  async function namesIn(all: TestDatabases): Promise<readonly string[]> {
    const sql = {
      postgres:
        'SELECT relname AS n FROM pg_class WHERE relnamespace = current_schema()::regnamespace ' +
        'UNION SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace',
      mariadb:
        'SELECT table_name AS n FROM information_schema.tables WHERE table_schema = DATABASE() UNION ' +
        'SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() UNION ' +
        'SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = DATABASE() UNION ' +
        'SELECT constraint_name FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()',
      sqljs: 'SELECT name || coalesce(sql, name) AS n FROM sqlite_master',
      'better-sqlite3': 'SELECT name || coalesce(sql, name) AS n FROM sqlite_master',
    }[kind];
    const rows = await sqlOn(all, first(), sql);
    if (kind === 'mariadb') return rows.map(({ n }) => `${n}`).filter((name) => name !== 'PRIMARY');
    if (kind === 'postgres') return rows.map(({ n }) => `${n}`).filter((name) => !/_shard_identity_|pg_toast/.test(name));
    // SQLite keeps names of constraints in the statements that made the tables.
    const names = rows.flatMap(({ n }) => `${n}`.match(/"[^"]+"|^\w+(?=CREATE|sqlite)/g) ?? []).map((name) => name.replaceAll('"', ''));
    const tables = rows.map(({ n }) => /^(\w+?)(CREATE|sqlite_)/.exec(`${n}`)?.[1] ?? '').filter((name) => !/^(sqlite_|$)/.test(name));
    return tables.length === 1 ? tables : names;
  }
});

describeOn(serverKinds, 'Partitions of a database on a server', (kind) => {
  it('share one pool, which is closed once', async () => {
    const databases = await createDatabases(kind, 1);
    const shards = shardsOf(databases, { s1: { partitions: [1, 2, 3, 4, 5], poolSize: 3 } });
    const cluster = await new ShardedDataSource(optionsFor(databases, { entities, synchronize: true, shards })).initialize();
    const [shard] = databases.shards;

    await Promise.all(Array.from({ length: 40 }, () => cluster.getRepository(Topic).count()));

    expect(cluster.connections).toEqual({ databases: [{ database: 's1', poolSize: 3, pools: 1 }], total: 3, max: 500 });
    expect(await countConnections(shard!)).toBeGreaterThan(0);
    expect(await countConnections(shard!)).toBeLessThanOrEqual(3);
    await cluster.destroy();
    await waitUntil(async () => (await countConnections(shard!)) === 0, { what: 'the pool to be closed' });
    await databases.stop();
  });
});
