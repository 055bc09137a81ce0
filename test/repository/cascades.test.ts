import { Entity, JoinColumn, JoinTable, ManyToMany, ManyToOne, OneToMany, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { RelatedKeyError, ShardKey } from '../../src';
import { sampledKinds } from '../database';
import { keysOn } from './fixtures/keys-on';
import { expectedPosition, storedJunctionRows, storedRows } from './fixtures/stored-rows';
import { openTestCluster, type TestCluster } from './fixtures/test-cluster';

@Entity()
class Desk {
  @PrimaryColumn({ type: 'varchar', length: 20 })
  @ShardKey()
  guid!: string;

  @OneToMany(
    () => Paper,
    (paper) => paper.desk,
    { cascade: true },
  )
  papers!: Relation<Paper>[];
}

@Entity()
class Paper {
  @PrimaryColumn({ type: 'varchar', length: 20 })
  @ShardKey(() => Desk)
  deskGuid!: string;

  @PrimaryColumn({ type: 'int' })
  no!: number;

  @ManyToOne(
    () => Desk,
    (desk) => desk.papers,
  )
  @JoinColumn({ name: 'deskGuid' })
  desk!: Relation<Desk>;

  @OneToOne(
    () => Seal,
    (seal) => seal.paper,
    { cascade: true },
  )
  seal!: Relation<Seal>;

  @ManyToMany(
    () => Mark,
    (mark) => mark.papers,
    { cascade: true },
  )
  @JoinTable()
  marks!: Relation<Mark>[];
}

@Entity()
class Seal {
  @PrimaryColumn({ type: 'varchar', length: 20 })
  id!: string;

  @PrimaryColumn({ type: 'varchar', length: 20 })
  @ShardKey(() => Desk)
  deskGuid!: string;

  @PrimaryColumn({ type: 'int' })
  paperNo!: number;

  @OneToOne(
    () => Paper,
    (paper) => paper.seal,
  )
  @JoinColumn([
    { name: 'deskGuid', referencedColumnName: 'deskGuid' },
    { name: 'paperNo', referencedColumnName: 'no' },
  ])
  paper!: Relation<Paper>;
}

@Entity()
class Mark {
  @PrimaryColumn({ type: 'varchar', length: 20 })
  @ShardKey(() => Desk)
  deskGuid!: string;

  @PrimaryColumn({ type: 'varchar', length: 20 })
  name!: string;

  @ManyToMany(
    () => Paper,
    (paper) => paper.marks,
  )
  papers!: Relation<Paper>[];
}

describe.each(sampledKinds)('Cascades inside a group (%s)', (kind) => {
  let test: TestCluster;
  let keys: readonly string[];

  beforeEach(async () => {
    test = await openTestCluster(kind, { entities: [Desk, Paper, Seal, Mark] });
    keys = [...keysOn(test.cluster, Desk, 's1', { count: 2 }), ...keysOn(test.cluster, Desk, 's2', { count: 2 })];
    await test.cluster.getRepository(Desk).save(keys.map((guid) => desk(guid)));
  });
  afterEach(() => test?.stop());

  function desk(guid: string): Desk {
    const shared = { name: 'shared' } as Mark;
    const papers = [1, 2].map((no) => ({
      no,
      marks: [shared, { name: `of ${no}` }],
      seal: { id: `seal ${no}`, deskGuid: guid, paperNo: no },
    }));
    return { guid, papers: papers as Paper[] };
  }

  it('give the key to entities of every depth, through lists, single ones and links', async () => {
    for (const [entity, column, count] of [
      [Paper, 'deskGuid', 8],
      [Seal, 'deskGuid', 8],
      [Mark, 'deskGuid', 12],
    ] as const) {
      const rows = await storedRows(test.cluster, entity);
      expect(rows).toHaveLength(count);
      for (const { shard, row } of rows) {
        expect(shard).toBe(test.cluster.shardFor(Desk, String(row[column])).name);
        expect(String(row._shard_position)).toBe(expectedPosition(String(row[column])));
      }
    }
    const links = await storedJunctionRows(test.cluster);
    expect(links).toHaveLength(16);
    for (const { shard, row } of links) {
      expect(row.paperDeskGuid).toBe(row.markDeskGuid);
      expect(shard).toBe(test.cluster.shardFor(Desk, String(row.paperDeskGuid)).name);
      expect(String(row._shard_position)).toBe(expectedPosition(String(row.paperDeskGuid)));
    }
  });

  it('join what they wrote, and change it on its shard alone', async () => {
    const [guid] = keys as [string];
    const relations = { papers: { marks: true, seal: true } } as const;
    const found = await test.cluster.getRepository(Desk).findOneOrFail({ where: { guid }, relations });
    expect(found.papers.map(({ marks, seal }) => [marks.length, seal.id]).sort()).toEqual([
      [2, 'seal 1'],
      [2, 'seal 2'],
    ]);

    found.papers[0]!.marks = [{ name: 'new' } as Mark];
    expect(await test.log.shardsDuring(() => test.cluster.getRepository(Desk).save(found))).toEqual(['s1']);
    expect(await test.cluster.getRepository(Mark).countBy({ deskGuid: guid, name: 'new' })).toBe(1);
    expect((await storedJunctionRows(test.cluster)).filter(({ row }) => row.paperDeskGuid === guid)).toHaveLength(3);
  });

  it('are refused where linked rows have another key', async () => {
    const [guid, neighbour] = keys as [string, string];
    const marks = [{ deskGuid: neighbour, name: 'shared' } as Mark];

    await expect(test.cluster.getRepository(Paper).save({ deskGuid: guid, no: 9, marks })).rejects.toThrow(RelatedKeyError);
  });
});
