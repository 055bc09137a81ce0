import {
  And,
  Between,
  Entity,
  Equal,
  In,
  LessThan,
  LessThanOrEqual,
  MoreThan,
  MoreThanOrEqual,
  Not,
  Or,
  PrimaryColumn,
  Raw,
} from 'typeorm';
import { modulo, PositionUnownedError, ranges, ShardKey, ShardKeyInvalidError } from '../../src';
import { Proofs, shards } from './proofs';

@Entity()
class Row {
  @PrimaryColumn() @ShardKey() id!: number;
}
@Entity()
class Day {
  @PrimaryColumn('datetime') @ShardKey() at!: Date;
}
@Entity()
class Mirrored {
  @PrimaryColumn({ transformer: { to: (value: number) => -value, from: (value: number) => -value } }) @ShardKey() id!: number;
}

const thousands = ranges(shards.map((shard, index) => ({ from: index * 1_000, shard })));

describe('proveRoute() by ranges', () => {
  let rows: Proofs;

  beforeAll(async () => {
    rows = await Proofs.of([Row], thousands);
  });

  it.each([
    ['an equality', 1_500, ['b']],
    ['a list', In([0, 999, 4_000]), ['a', 'e']],
    ['an interval, both ends included', Between(999, 2_000), ['a', 'b', 'c']],
    ['an interval within one range', Between(1_000, 1_999), ['b']],
    ['a lower bound', MoreThanOrEqual(3_000), ['d', 'e']],
    ['a strict lower bound', MoreThan(3_500), ['d', 'e']],
    ['an upper bound', LessThanOrEqual(1_000), ['a', 'b']],
    ['a strict upper bound', LessThan(1_500), ['a', 'b']],
    ['both bounds', And(MoreThan(1_200), LessThan(2_300)), ['b', 'c']],
    ['bounds and a list', And(MoreThanOrEqual(1_000), In([5, 1_005, 9_005])), ['b', 'e']],
    ['bounds and a list of their ends', And(MoreThanOrEqual(1_000), LessThanOrEqual(2_000), In([1_000, 2_000, 3_000])), ['b', 'c']],
    ['a fraction for a bound', And(MoreThan(999.5), LessThan(1_999.5)), ['b']],
    ['a bigint', Between(1_000n, 1_001n), ['b']],
    ['a numeric string', Between('1000', '01001'), ['b']],
    ['a bound of Equal', MoreThan(4_500), ['e']],
  ])('proves the shards of %s', (_, id, owners) => {
    expect(rows.of({ id })).toMatchObject({ route: owners.length === 1 ? 'one' : 'some', shards: owners });
  });

  it.each([
    ['a key beside a bound that excludes it', And(Equal(5), MoreThan(10))],
    ['an interval that ends before it begins', Between(10, 9)],
    ['bounds that exclude each other', And(LessThan(5), MoreThan(10))],
    ['an interval between two integers', Between(5.2, 5.8)],
    ['keys below the first range', LessThan(-5)],
  ])('proves that no shard is needed from %s', (_, id) => {
    expect(rows.of({ id })).toMatchObject({ route: 'none', shards: [] });
  });

  it.each([
    ['no bound', Not(5)],
    ['Not of a bound', Not(MoreThan(5))],
    ['Or of two bounds', Or(LessThan(5), MoreThan(4_500))],
    ['Or of a bound and a key', Or(LessThan(5), Equal(4_500))],
    ['a bound that is an operator', MoreThan(Equal(5) as never)],
    ['SQL', Raw('> 5')],
  ])('proves nothing from %s', (_, id) => {
    expect(rows.of({ id })).toMatchObject({ route: 'all', shards });
  });

  it('joins the branches of an array', () => {
    expect(rows.of([{ id: LessThan(500) }, { id: Between(3_000, 3_001) }, { id: 4_000 }])).toMatchObject({
      route: 'some',
      shards: ['a', 'd', 'e'],
    });
    expect(rows.of([{ id: LessThan(500) }, {}])).toMatchObject({ route: 'all' });
  });

  it('is exact beyond 2^53, and refuses numbers that are not', async () => {
    const big = 2n ** 60n;
    const split = await Proofs.of(
      [Row],
      ranges([
        { from: 0, shard: 'a' },
        { from: big, shard: 'b' },
      ]),
    );
    expect(split.of({ id: String(big) })).toMatchObject({ shards: ['b'] });
    expect(split.of({ id: big - 1n })).toMatchObject({ shards: ['a'] });
    expect(split.of({ id: LessThanOrEqual(String(big - 1n)) })).toMatchObject({ shards: ['a'] });
    expect(split.of({ id: LessThanOrEqual(big) })).toMatchObject({ shards: ['a', 'b'] });
    for (const id of [Number(big), MoreThan(Number(big)), Between(0, 2 ** 53)])
      expect(() => split.of({ id })).toThrow(ShardKeyInvalidError);
  });

  it.each([
    [Number.NaN],
    [MoreThan(Number.NaN)],
    [LessThan(Number.POSITIVE_INFINITY)],
    [Between<unknown>(0, 'x')],
    [MoreThan(null)],
    [MoreThan(undefined)],
    [MoreThan('5.5')],
    [MoreThan({})],
    [In([1, '2', 3.5])],
  ])('refuses %p', (id) => {
    expect(() => rows.of({ id })).toThrow(ShardKeyInvalidError);
  });

  it('has no owner for a key below the first range', () => {
    expect(() => rows.of({ id: -1 })).toThrow(PositionUnownedError);
  });

  it('reads bounds through the transformer of the key', async () => {
    const mirrored = await Proofs.of([Mirrored], thousands);
    expect(mirrored.of({ id: -1_500 })).toMatchObject({ shards: ['b'] });
    expect(mirrored.of({ id: Between(-1_000, -2_000) })).toMatchObject({ shards: ['b', 'c'] });
    expect(mirrored.of({ id: Between(-2_000, -1_000) })).toMatchObject({ route: 'none' });
  });

  it('proves dates', async () => {
    const years = [2020, 2021, 2022, 2023, 2024];
    const days = await Proofs.of([Day], ranges(years.map((year, index) => ({ from: `${year}-01-01`, shard: shards[index]! }))));
    expect(days.of({ at: new Date('2021-06-01T12:00:00Z') })).toMatchObject({ route: 'one', shards: ['b'] });
    expect(days.of({ at: '2021-06-01' })).toMatchObject({ route: 'one', shards: ['b'] });
    expect(days.of({ at: Between(new Date('2020-12-31T23:59:59.999Z'), new Date('2022-01-01T00:00:00Z')) })).toMatchObject({
      route: 'some',
      shards: ['a', 'b', 'c'],
    });
    expect(days.of({ at: MoreThan('2024-01-01T00:00:00+01:00') })).toMatchObject({ shards: ['d', 'e'] });
    for (const at of [new Date(Number.NaN), '2021-06-01T12:00:00', 5, MoreThan(1.5)])
      expect(() => days.of({ at })).toThrow(ShardKeyInvalidError);
  });
});

describe('proveRoute() by modulo', () => {
  it('proves short intervals and leaves long ones to all shards', async () => {
    const rows = await Proofs.of([Row], modulo([...shards]));
    expect(rows.of({ id: 7 })).toMatchObject({ route: 'one', shards: ['c'] });
    expect(rows.of({ id: Between(5, 6) })).toMatchObject({ route: 'some', shards: ['a', 'b'] });
    expect(rows.of({ id: And(MoreThan(4), LessThan(7)) }).shards).toEqual(expect.arrayContaining(['a', 'b']));
    expect([...rows.of({ id: Between(5, 9) }).shards].sort()).toEqual([...shards]);
    expect(rows.of({ id: In([0, 5, 10]) })).toMatchObject({ route: 'one', shards: ['a'] });
  });

  it('proves the epoch of an open interval', async () => {
    const rows = await Proofs.of(
      [Row],
      modulo([
        { from: 0, shards: ['a', 'b'] },
        { from: 100, shards: ['c', 'd', 'e'] },
      ]),
    );
    expect(rows.of({ id: LessThanOrEqual(99) })).toMatchObject({ shards: ['a', 'b'] });
    expect(rows.of({ id: MoreThanOrEqual(100) })).toMatchObject({ shards: ['c', 'd', 'e'] });
    expect(rows.of({ id: And(MoreThanOrEqual(99), LessThanOrEqual(100)) })).toMatchObject({ shards: ['b', 'd'] });
  });
});
