import type { ObjectLiteral } from 'typeorm';
import { TransactionShardError } from '../../src';
import { sampledKinds } from '../database';
import { keysOn } from './fixtures/keys-on';
import { loaded, Volume, Writer } from './fixtures/library';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

const NUMBERS = Array.from({ length: 12 }, (_, number) => number);

describe.each(sampledKinds)('Lazy relations that leave their group (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Writer, Volume], shards: 3, ordinary: true });
    for (const market of [test.ordinary, test.cluster]) {
      await market.getRepository(Writer).save(NUMBERS.map((id) => ({ id, name: `w${id}` })));
      await market.getRepository(Volume).save(NUMBERS.map((number) => volume(number)) as never);
    }
  });
  afterAll(() => test?.stop());

  function volume(number: number): ObjectLiteral {
    const writer = number % 5 === 0 ? null : { id: (number * 5) % 12 };
    const readers = NUMBERS.slice(0, number % 4).map((id) => ({ id: (id * 5 + number) % 12 }));
    return Object.assign(new Volume(), { isbn: `v${number}`, pages: number, writer, editorId: number % 3 === 0 ? null : number, readers });
  }

  async function shown(from: TestCluster['cluster'] | TestCluster['ordinary']) {
    const volumes = await from.getRepository(Volume).find();
    const writers = await from.getRepository(Writer).find();
    const rows = [
      ...volumes.map(async (each) => [each.isbn, (await each.writer)?.name, (await each.editor)?.name, names(await each.readers)]),
      ...writers.map(async (each) => [each.id, (await each.volumes).map(({ isbn }) => isbn).sort()]),
    ];
    return (await Promise.all(rows)).map((row) => JSON.stringify(row)).sort();
  }

  it('load what they load in one database', async () => {
    const found = await shown(test.cluster);

    expect(found).toHaveLength(24);
    expect(found).toEqual(await shown(test.ordinary));
  });

  it('are loaded together for all entities that ask in one turn', async () => {
    const volumes = await test.cluster.getRepository(Volume).find();
    const all = await test.log.during(() => Promise.all(volumes.map((each) => each.writer)));
    const fresh = await test.cluster.getRepository(Volume).find();
    const few = await test.log.during(() => Promise.all(fresh.slice(0, 6).map((each) => each.writer)));

    // Once for the join columns, which are no properties, and once for the rows, on each of three shards.
    expect(all.length).toBeLessThanOrEqual(6);
    expect(few.length).toBeLessThanOrEqual(all.length);
    for (const shard of ['s1', 's2', 's3']) expect(all.filter((statement) => statement.shard === shard).length).toBeLessThanOrEqual(2);
  });

  it('are loaded once, and asked for again without a statement', async () => {
    const [volume] = await test.cluster.getRepository(Volume).findBy({ isbn: 'v7' });
    const first = await volume!.editor;

    expect(first?.id).toBe(7);
    expect(await test.log.during(async () => expect(await volume!.editor).toBe(first))).toEqual([]);
  });

  it('can be loaded with the entity', async () => {
    const volume = await test.cluster
      .getRepository(Volume)
      .findOneOrFail({ where: { isbn: 'v7' }, relations: { editor: true, readers: true, writer: true } });
    const sent = await test.log.during(async () => {
      expect((await volume.editor)?.name).toBe('w7');
      expect(names(await volume.readers)).toEqual(['w0', 'w5', 'w7']);
      expect((await volume.writer)?.id).toBe(11);
    });

    expect(sent).toEqual([]);
  });

  it('let each entity be seen once by its listeners', async () => {
    loaded.length = 0;
    const volumes = await test.cluster.getRepository(Volume).find();
    await Promise.all(volumes.map((each) => each.editor));

    expect([...new Set(loaded)].sort()).toEqual([...loaded].sort());
    expect(loaded.filter((each) => each.startsWith('volume'))).toHaveLength(12);
    expect(loaded.filter((each) => each.startsWith('writer'))).toHaveLength(8);
  });

  it('load from the shard of a transaction what it wrote, and are refused for other shards', async () => {
    const [near] = keysOn(test.cluster, Volume, 's1') as [string];
    const [here, there] = ['s1', 's2'].map((shard) => NUMBERS.find((id) => test.cluster.shardFor(Writer, id).name === shard) as number);

    const work = test.cluster.transaction(async (manager) => {
      await manager.save(Object.assign(new Volume(), { isbn: near, pages: 1, editorId: here }));
      await manager.update(Writer, { id: here }, { name: 'renamed' });
      const found = await manager.findOneByOrFail(Volume, { isbn: near });
      expect((await found.editor)?.name).toBe('renamed');
      await manager.update(Volume, { isbn: near }, { editorId: there });
      const again = await manager.findOneByOrFail(Volume, { isbn: near });
      await expect(again.editor).rejects.toThrow(TransactionShardError);
      throw new Error('roll back');
    });

    await expect(work).rejects.toThrow('roll back');
  });

  it('are written by the join column and by links', async () => {
    const volumes = test.cluster.getRepository(Volume);
    const made = Object.assign(new Volume(), { isbn: 'written', pages: 3 });
    made.writer = Promise.resolve({ id: 4 } as Writer);
    made.readers = Promise.resolve([{ id: 1 }, { id: 2 }] as Writer[]);
    await volumes.save(made);

    const found = await volumes.findOneByOrFail({ isbn: 'written' });
    expect((await found.writer)?.name).toBe('w4');
    expect(names(await found.readers)).toEqual(['w1', 'w2']);
    await volumes.remove(found);
    expect(await volumes.countBy({ isbn: 'written' })).toBe(0);
  });
});

function names(writers: readonly Writer[]): string[] {
  return writers.map(({ name }) => name).sort();
}
