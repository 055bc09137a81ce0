import { And, Between, Column, DataSource, Entity, Equal, In, Like, Not, Or, PrimaryColumn, Raw } from 'typeorm';
import { ReferenceTable, ShardedDataSource, ShardKey } from '../../src';
import { cloneOptions } from '../../src/query';

const tenfold = { to: (value: number) => value * 10, from: (value: number) => value / 10 };

@Entity()
class Reading {
  @PrimaryColumn() @ShardKey() guid!: string;
  @Column({ type: 'int', transformer: tenfold }) level!: number;
}
@Entity()
@ReferenceTable()
class Level {
  @PrimaryColumn({ transformer: tenfold }) level!: number;
}

/** What each operator of the options holds, in order, however deep. */
function valuesIn(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('cloneOptions()', () => {
  const options = () => ({
    where: [
      { level: In([5]), other: Not(In([1, 2])) },
      { level: And(Between(1, 9), Or(Equal(3), Not(Equal(4)))), name: Like('a%'), nested: { deep: [{ level: Equal(1) }] } },
    ],
    order: { level: 'ASC' },
    relations: { user: true },
    take: 5,
    lock: { mode: 'pessimistic_read' },
  });

  it('gives options that say the same', () => {
    expect(cloneOptions(options())).toEqual(options());
    expect(cloneOptions(options()).where[1]!.level).toBeInstanceOf(And(Equal(1)).constructor);
  });

  it('keeps what TypeORM writes into the operators of one copy out of the other', () => {
    const original = options();
    const copy = cloneOptions(original);
    for (const { level, other } of copy.where as readonly { level: ReturnType<typeof In>; other?: ReturnType<typeof Not> }[]) {
      level.transformValue(tenfold);
      other?.transformValue(tenfold);
    }
    (copy.where[1] as { nested: { deep: { level: ReturnType<typeof Equal> }[] } }).nested.deep[0]!.level.transformValue(tenfold);
    expect(valuesIn(original)).toEqual(valuesIn(options()));
    expect(valuesIn(copy)).not.toEqual(valuesIn(options()));
  });

  it('shares entities, dates, buffers, functions and what holds no operator', () => {
    const shared = [new Date(0), Buffer.from('x'), () => 1, new Reading(), Symbol('s'), 5n, null, undefined, 'text'];
    for (const value of shared) {
      expect(cloneOptions(value)).toBe(value);
      expect(cloneOptions({ value }).value).toBe(value);
    }
  });

  it('keeps the SQL and the parameters of Raw', () => {
    const raw = Raw((alias) => `${alias} > :level`, { level: 5 });
    const { where } = cloneOptions({ where: { level: raw } });
    expect(where.level.getSql?.('x')).toBe('x > :level');
    expect(where.level.objectLiteralParameters).toEqual({ level: 5 });
  });

  it('copies conditions without a prototype', () => {
    const where = Object.assign(Object.create(null), { level: In([5]) });
    const copy = cloneOptions(where);
    expect(copy.level).not.toBe(where.level);
    expect(copy.level.value).toEqual([5]);
  });
});

describe('find options with a transformer', () => {
  const cluster = new ShardedDataSource({
    type: 'sqljs',
    entities: [Reading, Level],
    synchronize: true,
    shards: ['a', 'b', 'c'].map((name) => ({ name })),
  });
  const ordinary = new DataSource({ type: 'sqljs', entities: [Reading, Level], synchronize: true });
  const rows = Array.from({ length: 30 }, (_, index) => ({ guid: `r${index}`, level: index % 6 }));

  beforeAll(async () => {
    await Promise.all([cluster.initialize(), ordinary.initialize()]);
    for (const source of [cluster, ordinary]) {
      await source.getRepository(Reading).insert(rows.map((row) => ({ ...row })));
      await source.getRepository(Level).insert([{ level: 1 }, { level: 2 }]);
    }
  });

  afterAll(async () => {
    await cluster.destroy();
    await ordinary.destroy();
  });

  it.each([
    ['In', () => In([2, 3])],
    ['Not of In', () => Not(In([2, 3]))],
    ['Between', () => Between(1, 3)],
    ['And', () => And(Not(Equal(2)), Between(1, 3))],
  ])('find on all shards what one database finds, call after call: %s', async (_, make) => {
    const level = make();
    const expected = (await ordinary.getRepository(Reading).findBy({ level: make() })).map(({ guid }) => guid).sort();
    expect(expected.length).toBeGreaterThan(0);
    for (let call = 0; call < 3; call += 1) {
      const found = await cluster.getRepository(Reading).findBy({ level });
      expect(found.map(({ guid }) => guid).sort()).toEqual(expected);
      expect(await cluster.getRepository(Reading).countBy({ level })).toBe(expected.length);
    }
  });

  it('write on all shards what one database writes', async () => {
    const level = In([4, 5]);
    await cluster.getRepository(Reading).acrossShards().update({ level }, { level: 9 });
    await ordinary.getRepository(Reading).update({ level: In([4, 5]) }, { level: 9 });
    const count = (source: DataSource) => source.getRepository(Reading).countBy({ level: 9 });
    expect(await count(cluster)).toBe(await count(ordinary));
    expect(await count(cluster)).toBe(10);
    expect(level.value).toEqual([4, 5]);
    await cluster.getRepository(Level).delete({ level: In([1]) });
    for (const { dataSource } of cluster.shards) expect(await dataSource.getRepository(Level).find()).toEqual([{ level: 2 }]);
  });
});
