import { randomUUID } from 'node:crypto';
import { Column, Entity, ManyToOne, OneToMany, PrimaryColumn, type Relation } from 'typeorm';
import { RelatedKeyError, ShardKey, ShardKeyChangedError, ShardKeyMissingError } from '../../src';
import { sampledKinds } from '../database';
import { keysOn } from './fixtures/keys-on';
import { expectedPosition, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

@Entity()
class Shelf {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  @ShardKey()
  key!: string;

  @OneToMany(
    () => Book,
    (book) => book.shelf,
    { cascade: true },
  )
  books!: Relation<Book>[];
}

/** The key is the relation itself; no property holds its column. */
@Entity()
class Book {
  @PrimaryColumn({ type: 'varchar', length: 40 })
  id!: string;

  @Column({ type: 'varchar', length: 40 })
  title!: string;

  @ManyToOne(
    () => Shelf,
    (shelf) => shelf.books,
    { nullable: false },
  )
  @ShardKey(() => Shelf)
  shelf!: Relation<Shelf>;
}

describe.each(sampledKinds)('A shard key that is a relation (%s)', (kind) => {
  let test: TestCluster;
  let own: string;
  let neighbour: string;
  let far: string;

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Shelf, Book] });
    [own, neighbour] = keysOn(test.cluster, Shelf, 's1', { count: 2 }) as [string, string];
    [far] = keysOn(test.cluster, Shelf, 's2') as [string];
    await test.cluster.getRepository(Shelf).save([own, neighbour, far].map((key) => ({ key, books: [{ id: `of ${key}`, title: 't' }] })));
  });
  afterEach(() => test?.stop());

  async function expectSoundBooks(count: number): Promise<void> {
    const rows = await storedRows(test.cluster, Book);
    expect(rows).toHaveLength(count);
    for (const { shard, row } of rows) {
      expect(shard).toBe(test.cluster.shardFor(Shelf, String(row.shelfKey)).name);
      expect(String(row._shard_position)).toBe(expectedPosition(String(row.shelfKey)));
    }
  }

  it('routes saves, inserts and conditions by the related key', async () => {
    const books = test.cluster.getRepository(Book);
    await books.save({ id: 'saved', title: 't', shelf: { key: far } });
    await books.insert({ id: 'inserted', title: 't', shelf: { key: far } });

    await expectSoundBooks(5);
    expect(await test.log.shardsDuring(() => books.findBy({ shelf: { key: far } }))).toEqual(['s2']);
    expect(await books.countBy({ shelf: { key: far } })).toBe(3);
    const [found] = await books.find({ where: { shelf: { key: far }, id: 'saved' }, relations: { shelf: true } });
    await books.save(Object.assign(found!, { title: 'changed' }));
    expect((await books.delete({ shelf: { key: far }, title: 'changed' })).affected).toBe(1);
    await expect(books.save({ id: randomUUID(), title: 't' })).rejects.toThrow(ShardKeyMissingError);
  });

  it('cannot be changed by giving a stored row to another root of the same shard', async () => {
    const shelves = test.cluster.getRepository(Shelf);

    await expect(shelves.save({ key: neighbour, books: [{ id: `of ${own}`, title: 'stolen' }] })).rejects.toThrow(ShardKeyChangedError);
    await expect(shelves.save({ key: neighbour, books: [{ id: 'x', title: '', shelf: { key: own } }] })).rejects.toThrow(RelatedKeyError);
    await expect(test.cluster.getRepository(Book).update({ shelf: { key: own } }, { shelf: { key: far } })).rejects.toThrow(
      ShardKeyChangedError,
    );
    await expectSoundBooks(3);
  });

  it('stays when the root is loaded with its rows, changed and saved', async () => {
    const shelves = test.cluster.getRepository(Shelf);
    const shelf = await shelves.findOneOrFail({ where: { key: own }, relations: { books: true } });
    shelf.books[0]!.title = 'changed';
    shelf.books.push(Object.assign(new Book(), { id: 'new', title: 't' }));
    await shelves.save(shelf);

    await expectSoundBooks(4);
    expect(await test.cluster.getRepository(Book).countBy({ shelf: { key: own }, title: 'changed' })).toBe(1);
  });
});
