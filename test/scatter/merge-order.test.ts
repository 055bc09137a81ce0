import { Column, Entity, PrimaryColumn } from 'typeorm';
import { MergeOrderError, ScatterUnsupportedError, ShardKey } from '../../src';
import { type DatabaseKind, databaseKinds, sampledKinds } from '../database';
import { openTestCluster, type TestCluster } from '../repository/fixtures/test-cluster';

@Entity()
class Word {
  @PrimaryColumn({ type: 'int' }) @ShardKey() id!: number;
  @Column({ type: 'varchar', length: 2000 }) text!: string;
  @Column({ type: 'varchar', length: 60 }) other!: string;
  @Column({ type: 'int' }) place!: number;
}

const word = (id: number, text: string) => ({ id, text, other: 'x', place: id % 2 });

describe.each(sampledKinds)('An order by text over several shards (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Word], shards: 3, ordinary: true });
    const rows = ['b', 'B', 'ä', 'a', '', 'Z', 'z', '😀', 'b ', 'é', 'e', 'E'].map((text, id) => word(id, text));
    for (const { manager } of [test.cluster, test.ordinary]) await manager.insert(Word, rows);
  });
  afterAll(() => test?.stop());

  const texts = async (manager: TestCluster['ordinary']['manager'], take?: number) =>
    (await manager.find(Word, { order: { text: 'ASC', id: 'ASC' }, ...(take && { take }) })).map(({ text }) => text);

  it("is the database's own", async () => {
    expect(await texts(test.cluster.manager)).toEqual(await texts(test.ordinary.manager));
    expect(await texts(test.cluster.manager, 5)).toEqual(await texts(test.ordinary.manager, 5));
  });

  it('costs one statement more on one shard, where only the database knows the order', async () => {
    await texts(test.cluster.manager);
    const sent = await test.log.during(() => texts(test.cluster.manager));

    const ranking = sent.filter(({ sql }) => sql.includes('DENSE_RANK'));
    expect(ranking.map(({ shard }) => shard)).toEqual(kind === 'mariadb' || kind === 'postgres' ? ['s1'] : []);
    expect(sent).toHaveLength(3 + ranking.length);
  });

  it('costs none when other columns tell all rows apart', async () => {
    const find = () => test.cluster.manager.find(Word, { order: { id: 'ASC', text: 'ASC' }, take: 4 });
    await find();

    expect((await test.log.during(find)).filter(({ sql }) => sql.includes('DENSE_RANK'))).toEqual([]);
  });
});

/** Gives the column another collation on one shard. */
async function reorder({ cluster }: TestCluster, kind: DatabaseKind, shard: string): Promise<void> {
  const { dataSource } = cluster.shard(shard);
  if (kind === 'mariadb') await dataSource.query('ALTER TABLE word MODIFY other varchar(60) COLLATE utf8mb4_bin NOT NULL');
  else if (kind === 'postgres') await dataSource.query('ALTER TABLE word ALTER COLUMN other TYPE varchar(60) COLLATE "en-US-x-icu"');
  else {
    // SQLite cannot alter a column, so its table is made anew.
    const [{ sql }] = await dataSource.query("SELECT sql FROM sqlite_master WHERE name = 'word'");
    await dataSource.query('DROP TABLE word');
    await dataSource.query(sql.replace('"other" varchar(60)', '"other" varchar(60) COLLATE NOCASE'));
  }
}

describe.each(sampledKinds)('A shard whose database orders otherwise (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Word], shards: 2 });
    await reorder(test, kind, 's2');
    await test.cluster.manager.insert(Word, [word(1, 'a'), word(2, 'b'), word(3, 'c')]);
  });
  afterAll(() => test?.stop());

  it('is refused for what it orders otherwise, and said what to do', async () => {
    const error: unknown = await test.cluster.manager.find(Word, { order: { other: 'ASC' } }).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(MergeOrderError);
    expect(error).toMatchObject({ code: 'ERR_MERGE_ORDER', entity: 'Word', column: 'other' });
    expect((error as Error).message).toMatch(/on shard s1 and .* on shard s2\. Declare it alike/);
  });

  it('still answers orders by other columns, and orders on one shard', async () => {
    expect(await test.cluster.manager.find(Word, { order: { text: 'ASC' } })).toHaveLength(3);
    expect(await test.cluster.manager.find(Word, { where: { id: 1 }, order: { other: 'ASC' } })).toHaveLength(1);
  });
});

const describeIfMariadb = databaseKinds.includes('mariadb') ? describe : describe.skip;

describeIfMariadb('Texts that are longer than MariaDB compares', () => {
  const kind = 'mariadb';
  let test: TestCluster;
  const long = 'x'.repeat(600);

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Word], shards: 2 });
    await test.cluster.manager.insert(Word, [word(1, `${long}b`), word(2, `${long}a`), word(3, 'c')]);
  });
  afterAll(() => test?.stop());

  it('are refused, whether a page would hold them or not', async () => {
    for (const take of [undefined, 2]) {
      const find = test.cluster.manager.find(Word, { order: { text: 'DESC' }, ...(take && { take }) });
      await expect(find).rejects.toThrow(/sort keys longer than the 1024 bytes that the database compares.*max_sort_length/);
    }
  });

  it('are ordered once max_sort_length allows', async () => {
    const raised = await openTestCluster(kind, {
      entities: [Word],
      shards: 2,
      options: { initCommand: 'SET SESSION max_sort_length = 8388608' },
    });
    try {
      await raised.cluster.manager.insert(Word, [word(1, `${long}b`), word(2, `${long}a`), word(3, 'c')]);
      const found = await raised.cluster.manager.find(Word, { order: { text: 'DESC' } });

      expect(found.map(({ id }) => id)).toEqual([1, 2, 3]);
    } finally {
      await raised.stop();
    }
  });
});

@Entity()
class Code {
  @PrimaryColumn({ type: 'int' }) @ShardKey() id!: number;
  @Column({ type: 'varchar', length: 60, collation: 'utf8mb4_nopad_bin' }) text!: string;
}

describeIfMariadb('Texts that MariaDB sorts otherwise than it compares them', () => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster('mariadb', { entities: [Code], shards: 2 });
  });
  afterAll(() => test?.stop());

  it('are refused', async () => {
    const codes = test.cluster.getRepository(Code);
    await codes.insert(['b', 'a', 'a\0b'].map((text, id) => ({ id, text })));

    expect((await codes.find({ order: { text: 'ASC' } })).map(({ id }) => id)).toEqual([1, 2, 0]);
    await codes.insert({ id: 3, text: 'a\0' });
    await expect(codes.find({ order: { text: 'ASC' } })).rejects.toThrow(/end with U\+0000/);
  });
});

describe.each(sampledKinds)('NULLS FIRST and LAST over several shards (%s)', (kind) => {
  it('are kept where the database knows them, and refused by name where it does not', async () => {
    const test = await openTestCluster(kind, { entities: [Word], shards: 2 });
    const find = test.cluster.manager.find(Word, { order: { text: { direction: 'ASC', nulls: 'last' } } });

    if (kind === 'mariadb') await expect(find).rejects.toThrow(ScatterUnsupportedError);
    else await expect(find).resolves.toEqual([]);
    await test.stop();
  });
});
