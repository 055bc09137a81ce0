import { createHash } from 'node:crypto';
import type { Table } from 'typeorm';
import { BaseLayout, ConfigurationError, ShardedDataSource, type ShardedDataSourceOptions } from '../../../src';
import { type DatabaseKind, sampledKinds } from '../../database';
import { openTestCluster, type TestCluster } from '../fixtures/test-cluster';
import { NoteLayout, UserHomeLayout } from './layouts';

async function tablesOf({ cluster }: TestCluster, shard: string, names: string[]): Promise<Table[]> {
  const runner = cluster.shard(shard).dataSource.createQueryRunner();
  try {
    return await runner.getTables(names);
  } finally {
    await runner.release();
  }
}

/** The columns of each index, in the order of the index. */
async function indexesOf(opened: TestCluster, shard: string, name: string): Promise<string[][]> {
  const { dataSource } = opened.cluster.shard(shard);
  if (dataSource.options.type === 'postgres') {
    // TypeORM reads PostgreSQL's in the order of the table.
    const rows: { indexdef: string }[] = await dataSource.query('SELECT indexdef FROM pg_indexes WHERE tablename = $1', [name]);
    return rows.map(({ indexdef }) => indexdef.replace(/^.*\((.*)\)$/, '$1').split(', '));
  }
  const [table] = await tablesOf(opened, shard, [name]);
  return table!.indices.map(({ columnNames }) => columnNames);
}

/** The position of a key on the line, written down once more: the first 48 bits of its MD5. */
function positionOf(guid: string): string {
  return String(Number.parseInt(createHash('md5').update(guid).digest('hex').slice(0, 12), 16));
}

describe.each(sampledKinds)('The table of a layout on %s', (kind) => {
  let opened: TestCluster;

  beforeAll(async () => {
    opened = await openTestCluster(kind, { entities: [UserHomeLayout, NoteLayout], perShard: { partitions: [1, 2] } });
    BaseLayout.use(opened.cluster);
  });
  afterAll(() => opened.stop());

  it('has a key, a value and a position, and the suffix of its partition', async () => {
    const names = ['user_home_layout_p1', 'user_home_layout_p2', 'note_layout_p1', 'note_layout_p2'];
    const tables = await tablesOf(opened, 's1:1', names);
    expect(tables.map(({ name }) => name.split('.').at(-1)).sort()).toEqual([...names].sort());
    for (const { columns } of tables) {
      expect(columns.map(({ name }) => name).sort()).toEqual(['_shard_position', 'ikey', 'value']);
      expect(columns.filter(({ isPrimary }) => isPrimary).map(({ name }) => name)).toEqual(['ikey']);
      expect(columns.every(({ isNullable }) => !isNullable)).toBe(true);
    }
  });

  it('has an index over position and key', async () => {
    expect(await indexesOf(opened, 's1:1', 'user_home_layout_p1')).toContainEqual(['_shard_position', 'ikey']);
  });

  it('compares keys byte for byte', async () => {
    const [table] = await tablesOf(opened, 's2:2', ['user_home_layout_p2']);
    const key = table!.findColumnByName('ikey')!;
    // The others compare so without being told.
    const collations: Partial<Record<DatabaseKind, string>> = { mariadb: 'utf8mb4_nopad_bin' };
    expect(key.collation).toBe(collations[kind]);
  });

  it('holds in each row the position of its key, also where the row was replaced and where many were set', async () => {
    for (let time = 0; time < 2; time += 1) await new NoteLayout('single', time).set();
    await NoteLayout.setMany(['a', 'b', 'c', 'd', 'é'].map((guid) => [guid, 1]));
    for (const guid of ['single', 'a', 'b', 'c', 'd', 'é']) {
      const shard = opened.cluster.shardFor(NoteLayout, guid);
      const [row] = await shard.dataSource
        .createQueryBuilder()
        .select('_shard_position', 'at')
        .from(`note_layout_p${shard.partition}`, 't')
        .where('ikey = :guid', { guid })
        .getRawMany();
      expect(String(row.at)).toBe(positionOf(guid));
    }
  });

  it('is complete after the first synchronize: a second one would change nothing', async () => {
    const { dataSource } = opened.cluster.shard('s1:1');
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });
});

describe('A layout class', () => {
  const options = { type: 'sqljs', shards: [{ name: 'a' }, { name: 'b' }] } satisfies Partial<ShardedDataSourceOptions>;

  it('without TABLE_NAME, or with that of another, is refused together with all others', () => {
    class Nameless extends BaseLayout<number> {}
    class Double extends BaseLayout<number> {
      static override TABLE_NAME = 'user_home_layout';
    }
    let failure: unknown;
    try {
      new ShardedDataSource({ ...options, entities: [UserHomeLayout, Nameless, Double] });
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect((failure as ConfigurationError).faults).toEqual([
      'Nameless has no TABLE_NAME.',
      'Double has the TABLE_NAME of another layout, user_home_layout.',
    ]);
  });

  it('that has no cluster says so in every call, and how to give it one', async () => {
    // A library of its own, because BaseLayout has been given a cluster in this one.
    await jest.isolateModulesAsync(async () => {
      const { BaseLayout: Fresh } = require('../../../src') as typeof import('../../../src');
      class Unused extends Fresh<number> {
        static override TABLE_NAME = 'unused';
      }
      const calls = [() => Unused.get('a'), () => Unused.getMany(['a']), () => Unused.setMany([['a', 1]]), () => Unused.exists('a')];
      for (const call of [...calls, () => Unused.delete('a'), () => new Unused('a', 1).set()]) {
        await expect(call()).rejects.toThrow('Unused has no cluster. Call Unused.use(cluster) once, before the first call.');
      }
    });
  });

  it('has the cluster given to it, else that of the class it extends', async () => {
    const [everyones, own] = [1, 2].map(
      () => new ShardedDataSource({ ...options, entities: [UserHomeLayout, NoteLayout], synchronize: true }),
    );
    await Promise.all([everyones!.initialize(), own!.initialize()]);
    try {
      BaseLayout.use(everyones!);
      UserHomeLayout.use(own!);
      await new UserHomeLayout('ada', [1]).set();
      await new NoteLayout('ada', 'note').set();
      const counts = [everyones!, own!].map((cluster) =>
        Promise.all([UserHomeLayout, NoteLayout].map((layout) => cluster.getRepository(layout).count())),
      );
      expect(await Promise.all(counts)).toEqual([
        [0, 1],
        [1, 0],
      ]);
    } finally {
      await Promise.all([everyones!.destroy(), own!.destroy()]);
    }
  });

  it('that is not among the entities of its cluster is refused by TypeORM', async () => {
    const cluster = new ShardedDataSource({ ...options, entities: [NoteLayout], synchronize: true });
    await cluster.initialize();
    try {
      UserHomeLayout.use(cluster);
      await expect(UserHomeLayout.get('ada')).rejects.toThrow(/No metadata for "UserHomeLayout"/);
    } finally {
      await cluster.destroy();
    }
  });
});
