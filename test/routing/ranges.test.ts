import { ConfigurationError, PositionUnownedError } from '../../src/errors';
import { ranges } from '../../src/routing';

const shards = ['a', 'b', 'c'];

describe('ranges', () => {
  const placement = ranges([
    { from: 1000, shard: 'b' },
    { from: 0, shard: 'a' },
    { from: '9007199254740993', shard: 'c' },
  ]);
  const table = placement.compile(shards);

  it.each([
    [0, 'a'],
    [999, 'a'],
    [999n, 'a'],
    [1000, 'b'],
    [1000n, 'b'],
    [Number.MAX_SAFE_INTEGER, 'b'],
    [9007199254740992n, 'b'],
    [9007199254740993n, 'c'],
    [2n ** 64n, 'c'],
  ])('owns %p by %s', (position, shard) => {
    expect(table.ownerOf(position)).toBe(shard);
  });

  it('places keys themselves and describes itself', () => {
    expect(placement).toMatchObject({ kind: 'ranges', positions: 'key' });
    expect(placement.describe()).toBe('ranges (3)');
  });

  it.each([[-1], [-1n], [1.5], [Number.NaN], [2 ** 53], [Number.POSITIVE_INFINITY]])(
    'has no owner for %p, and does not show it',
    (position) => {
      expect(() => table.ownerOf(position)).toThrow(PositionUnownedError);
      expect(() => table.ownerOf(-123456789)).toThrow(
        expect.objectContaining({ code: 'ERR_POSITION_UNOWNED', message: expect.not.stringContaining('123456789') }),
      );
    },
  );

  it('does not depend on the order of ranges, and joins neighbours of one shard', () => {
    const plain = ranges([
      { from: 0, shard: 'a' },
      { from: 20, shard: 'b' },
    ]).compile(shards);
    const split = ranges([
      { from: 20n, shard: 'b' },
      { from: '10', shard: 'a' },
      { from: 0, shard: 'a' },
    ]).compile(['c', 'b', 'a']);
    expect(split.segments).toEqual([
      { since: 0, upto: 20, rule: { shards: ['a'] } },
      { since: 20, upto: null, rule: { shards: ['b'] } },
    ]);
    expect(split.checksum).toBe(plain.checksum);
  });

  it('lets a shard own several ranges', () => {
    const several = ranges([
      { from: 0, shard: 'a' },
      { from: 10, shard: 'b' },
      { from: 20, shard: 'a' },
    ]).compile(shards);
    expect([5, 15, 25].map((position) => several.ownerOf(position))).toEqual(['a', 'b', 'a']);
    expect(several.shards).toEqual(['a', 'b']);
  });

  it('takes dates as milliseconds since the epoch', () => {
    const byDay = ranges([
      { from: new Date(0), shard: 'a' },
      { from: '1970-01-02', shard: 'b' },
    ]).compile(shards);
    expect(byDay.segments.map(({ since }) => since)).toEqual([0, 86_400_000]);
  });

  it('has a frozen checksum', () => {
    expect(
      ranges([
        { from: 0, shard: 'a' },
        { from: '9007199254740993', shard: 'b' },
      ]).compile(shards).checksum,
    ).toBe('df2dcc41bc81678731a26e8fa2fabbe8');
  });

  it('reports every fault at once', () => {
    const broken = ranges([
      { from: 0, shard: 'x' },
      { from: '0', shard: 'y' },
      { from: 1.5, shard: 'a' },
      { from: 'soon', shard: 'a' },
      { from: new Date(Number.NaN), shard: 'x' },
    ]);
    const act = () => broken.compile(['a', 'a']);
    expect(act).toThrow(ConfigurationError);
    expect(act).toThrow(
      expect.objectContaining({
        faults: [
          'ranges: several entries begin at 0.',
          'ranges: "from" of entry 3 is neither an integer nor a date.',
          'ranges: "from" of entry 4 is neither an integer nor a date.',
          'ranges: "from" of entry 5 is neither an integer nor a date.',
          'The name "a" is given to several shards.',
          'ranges: there is no shard "x".',
          'ranges: there is no shard "y".',
        ],
      }),
    );
    expect(() => ranges([]).compile(['a'])).toThrow(/there is no entry/);
  });
});
