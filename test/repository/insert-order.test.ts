import { Column, CreateDateColumn, Entity, type InsertResult, PrimaryColumn } from 'typeorm';
import { ShardKey } from '../../src';
import { sampledKinds } from '../database';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

@Entity()
class Letter {
  @PrimaryColumn()
  @ShardKey()
  guid!: string;

  @Column()
  text!: string;

  @Column({ default: 7 })
  weight!: number;

  @CreateDateColumn()
  createdAt!: Date;
}

/** Not in the order of their keys, so that a database reads them back in another. */
const GUIDS = ['m', 'c', 'x', 'a', 'q', 'b', 'z', 'k', 'e', 'p'];

describe.each(sampledKinds)('Rows of which the database generates something (%s)', (kind) => {
  let test: TestCluster;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Letter] });
  });

  afterAll(() => test.stop());
  afterEach(() => test.cluster.getRepository(Letter).deleteAll());

  const letters = () => GUIDS.map((guid) => ({ guid, text: `text of ${guid}` }));
  const guidsOf = (result: InsertResult) => result.identifiers.map(({ guid }) => guid);

  it('keep their own keys when they are saved together', async () => {
    const repository = test.cluster.getRepository(Letter);
    const saved = await repository.save(repository.create(letters()));

    expect(saved.map(({ guid, text, weight }) => ({ guid, text, weight }))).toEqual(letters().map((letter) => ({ ...letter, weight: 7 })));
    for (const { createdAt } of saved) expect(createdAt).toBeInstanceOf(Date);
  });

  it('can be saved again, each to its own row', async () => {
    const repository = test.cluster.getRepository(Letter);
    const saved = await repository.save(repository.create(letters()));
    await repository.save(saved.map((letter) => Object.assign(letter, { text: `changed ${letter.text}` })));

    const stored = new Map((await repository.find()).map(({ guid, text }) => [guid, text]));
    expect(stored).toEqual(new Map(GUIDS.map((guid) => [guid, `changed text of ${guid}`])));
  });

  it.each(['insert', 'upsert'] as const)('are identified in the order given by %s', async (method) => {
    const repository = test.cluster.getRepository(Letter);
    const values = letters();
    const result = method === 'insert' ? await repository.insert(values) : await repository.upsert(values, ['guid']);

    expect(guidsOf(result)).toEqual(GUIDS);
    expect(values.map(({ guid, text }) => ({ guid, text }))).toEqual(letters());
  });
});
