import { And, Column, Entity, Equal, type FindOptionsOrder, In, Not, type ObjectLiteral, Or, PrimaryColumn } from 'typeorm';
import { ShardKey } from '../../src';
import { sampledKinds } from '../database';
import { openTestCluster, type TestCluster } from '../repository/fixtures/test-cluster';

class Place {
  @PrimaryColumn({ type: 'int' }) a!: number;
  @PrimaryColumn({ type: 'varchar', length: 20 }) b!: string;
}

@Entity()
class Embedded {
  @Column(() => Place) id!: Place;
  @Column({ type: 'bigint' }) @ShardKey() key!: string;
  @Column({ type: 'int' }) n!: number;
}

@Entity()
class Big {
  @PrimaryColumn({ type: 'bigint' }) @ShardKey() id!: string;
  @Column({ type: 'int' }) n!: number;
}

@Entity()
class Composite {
  @PrimaryColumn({ type: 'int' }) @ShardKey() x!: number;
  @PrimaryColumn({ type: 'int' }) y!: number;
  @Column({ type: 'int' }) n!: number;
}

type Target = new () => ObjectLiteral;

describe.each(sampledKinds)('Keys of several kinds (%s)', (kind) => {
  let test: TestCluster;
  // SQLite's drivers give integers beyond 2^53 inexactly.
  const first = kind === 'mariadb' || kind === 'postgres' ? 27_021_597_764_222_979n : 100n;
  const keys = Array.from({ length: 20 }, (_, at) => String(first + BigInt(at)));
  const [a, b, c, d] = keys as [string, string, string, string];
  const both = () => [test.cluster, test.ordinary] as const;

  beforeAll(async () => {
    test = await openTestCluster(kind, { entities: [Embedded, Big, Composite], shards: 3, ordinary: true });
    for (const { manager } of both()) {
      await manager.insert(
        Embedded,
        keys.map((key, at) => ({ id: { a: at % 5, b: `b${at}` }, key, n: at % 3 })),
      );
      await manager.insert(
        Composite,
        Array.from({ length: 30 }, (_, at) => ({ x: at % 7, y: at, n: at % 3 })),
      );
    }
  });
  beforeEach(async () => {
    for (const { manager } of both()) {
      await manager.deleteAll(Big);
      await manager.insert(
        Big,
        keys.map((id, at) => ({ id, n: at % 4 })),
      );
    }
  });
  afterAll(() => test?.stop());

  it.each<readonly [Target, FindOptionsOrder<never>]>([
    [Big, { n: 'ASC', id: 'ASC' } as never],
    [Embedded, { n: 'DESC', id: { b: 'ASC' } } as never],
    [Embedded, { id: { a: 'ASC', b: 'DESC' } } as never],
    [Composite, { n: 'ASC', y: 'DESC' } as never],
    [Composite, { y: 'ASC' } as never],
  ])('page %p by %j as one database does', async (target, order) => {
    const repository = test.cluster.getRepository(target);
    const rows = await test.ordinary.getRepository(target).find({ order });

    for (const [skip, take] of [
      [0, 3],
      [5, 4],
      [17, 10],
    ] as const)
      expect(await repository.find({ order, skip, take })).toEqual(rows.slice(skip, skip + take));
    const given: ObjectLiteral[] = [];
    for await (const row of repository.iterate({ order, pageRows: 3 })) given.push(row);
    expect(given).toEqual(rows);
    const walked: ObjectLiteral[] = [];
    let after: string | null = null;
    do {
      const page = await repository.findPage({ order, limit: 4, after });
      walked.push(...page.rows);
      after = page.next;
    } while (after !== null);
    expect(walked).toEqual(rows);
  });

  it.each<readonly [string, ObjectLiteral | ObjectLiteral[]]>([
    ['the same key twice', { id: In([a, a, b, c]) }],
    ['a key as a bigint', { id: In([a, BigInt(b), c]) }],
    ['both of two lists', { id: And(In([a, b, c]), In([b, c, d])) }],
    ['a list or a key', { id: Or(In([a, b]), Equal(d)) }],
    [
      'alternatives that overlap',
      [
        { id: In([a, b]), n: 0 },
        { id: In([b, c]), n: 1 },
      ],
    ],
    ['an alternative without a key', [{ id: a }, { n: 2 }]],
    ['a list without one of its keys', { id: And(In([a, b, c]), Not(b)) }],
    ['all keys but some', { id: Not(In([a, b])) }],
    ['an alternative that nothing matches', [{ id: In([a]) }, { id: In([]) }]],
    ['two lists', { id: In([a, b, c]), n: In([0, 1]) }],
  ])('are read and written by %s as in one database', async (_name, where) => {
    const [sharded, ordinary] = [test.cluster.getRepository(Big).withScatter({ writes: 'allow' }), test.ordinary.getRepository(Big)];
    const options = { where, order: { n: 'DESC', id: 'ASC' } } as const;

    expect(await sharded.findAndCount(options)).toEqual(await ordinary.findAndCount(options));
    expect(await sharded.find({ ...options, skip: 1, take: 2 })).toEqual(await ordinary.find({ ...options, skip: 1, take: 2 }));
    const updated = [await sharded.update(where as never, { n: 7 }), await ordinary.update(where as never, { n: 7 })] as const;
    expect(await sharded.find({ order: { id: 'ASC' } })).toEqual(await ordinary.find({ order: { id: 'ASC' } }));
    const deleted = [await sharded.delete(where as never), await ordinary.delete(where as never)] as const;
    expect(await sharded.find({ order: { id: 'ASC' } })).toEqual(await ordinary.find({ order: { id: 'ASC' } }));
    // SQLite's drivers do not tell.
    if (kind === 'mariadb' || kind === 'postgres') {
      expect(updated[0].affected).toBe(updated[1].affected);
      expect(deleted[0].affected).toBe(deleted[1].affected);
    }
  });

  it('are written by lists of primary keys', async () => {
    for (const { manager } of both()) {
      await manager.update(Big, [a, b, a], { n: 9 });
      await manager.delete(Big, [c, d, d]);
    }
    const [rows, wanted] = await Promise.all(both().map(({ manager }) => manager.find(Big, { order: { id: 'ASC' } })));
    expect(rows).toEqual(wanted);
    expect(wanted).toHaveLength(18);
  });
});
