import { Column, Entity, PrimaryColumn, type Relation, Tree, TreeChildren, TreeParent } from 'typeorm';
import { RelatedKeyError, ShardKey } from '../../src';
import { sampledKinds } from '../database';
import { keysOn } from './fixtures/keys-on';
import { storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

@Entity()
@Tree('materialized-path')
class Chapter {
  @PrimaryColumn({ type: 'varchar', length: 20 })
  id!: string;

  @Column({ type: 'varchar', length: 20 })
  @ShardKey()
  book!: string;

  @TreeParent()
  parent!: Relation<Chapter> | null;

  @TreeChildren({ cascade: true })
  children!: Relation<Chapter>[];
}

describe.each(sampledKinds)('Trees inside a group (%s)', (kind) => {
  let test: TestCluster;
  let keys: readonly string[];

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Chapter] });
    keys = [...keysOn(test.cluster, Chapter, 's1', { count: 2 }), ...keysOn(test.cluster, Chapter, 's2')];
  });
  afterAll(() => test?.stop());

  it('are saved with a materialized path', async () => {
    const [first, , other] = keys as [string, string, string];
    for (const book of [first, other]) {
      const chapter = (id: string, children: Chapter[] = []) => Object.assign(new Chapter(), { id: `${book} ${id}`, children });
      await test.cluster.getRepository(Chapter).save(Object.assign(chapter('1', [chapter('1.1', [chapter('1.1.1')])]), { book }));
    }

    const rows = await storedRows(test.cluster, Chapter);
    expect(rows).toHaveLength(6);
    for (const { shard, row } of rows) expect(shard).toBe(test.cluster.shardFor(Chapter, String(row.book)).name);
    for (const book of [first, other]) {
      const tree = test.cluster.shardFor(Chapter, book).dataSource.getTreeRepository(Chapter);
      const found = await tree.findDescendants({ id: `${book} 1`, book } as Chapter);
      expect(found.map(({ id }) => id).sort()).toEqual(['1', '1.1', '1.1.1'].map((id) => `${book} ${id}`));
    }
  });

  it('are refused across keys', async () => {
    const [first, , other] = keys as [string, string, string];
    const stray = Object.assign(new Chapter(), { id: 'stray', book: other, parent: { id: `${first} 1`, book: first } });

    await expect(test.cluster.getRepository(Chapter).save(stray)).rejects.toThrow(RelatedKeyError);
  });
});
