import fc from 'fast-check';
import { PositionUnownedError } from '../../src/errors';
import { modulo } from '../../src/routing';

const shards = ['a', 'b', 'c'];

describe('modulo', () => {
  const table = modulo(shards).compile(shards);

  it.each([
    [0, 'a'],
    [1, 'b'],
    [5, 'c'],
    [-1, 'c'],
    [-3, 'a'],
    [-5, 'b'],
    [-0, 'a'],
    [-5n, 'b'],
    [9007199254740993n, 'a'],
    [2n ** 64n - 1n, 'a'],
    [-(2n ** 63n), 'b'],
  ])('owns %p by %s', (position, shard) => {
    expect(table.ownerOf(position)).toBe(shard);
  });

  it('owns a position by its floor modulus, however it is written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), fc.integer({ min: 1, max: 7 }), (position, count) => {
        const names = Array.from({ length: count }, (_, index) => `s${index}`);
        const remainder = ((position % BigInt(count)) + BigInt(count)) % BigInt(count);
        const compiled = modulo(names).compile(names);
        expect(compiled.ownerOf(position)).toBe(names[Number(remainder)]);
        if (Number.isSafeInteger(Number(position))) expect(compiled.ownerOf(Number(position))).toBe(names[Number(remainder)]);
      }),
    );
  });

  it('is one segment without beginning or end', () => {
    expect(table.segments).toEqual([{ since: null, upto: null, rule: { shards } }]);
    expect(table.checksum).toBe('e96648a89fa0d377debef914548162e6');
    expect(modulo(shards)).toMatchObject({ kind: 'modulo', positions: 'key' });
    expect(modulo(shards).describe()).toBe('modulo (3 shards)');
  });

  it('keeps ids of an epoch under its rule, and starts at the first', () => {
    const epochs = modulo([
      { from: '100', shards: ['a', 'b', 'c'] },
      { from: 0, shards: ['a', 'b'] },
    ]).compile(shards);
    expect([0, 98, 99, 100, 101].map((id) => epochs.ownerOf(id))).toEqual(['a', 'a', 'b', 'b', 'c']);
    expect(() => epochs.ownerOf(-1)).toThrow(PositionUnownedError);
    expect(epochs.segments.map(({ since, upto }) => [since, upto])).toEqual([
      [0, 100],
      [100, null],
    ]);
  });

  it('means by a repeated list what the list means', () => {
    expect(modulo(['a', 'b', 'a', 'b']).compile(shards).checksum).toBe(modulo(['a', 'b']).compile(shards).checksum);
    expect(modulo(['a', 'a', 'b']).compile(shards).segments[0]!.rule.shards).toEqual(['a', 'a', 'b']);
  });

  it('depends on the order of its own list, not of the members', () => {
    expect(modulo(['b', 'a']).compile(shards).checksum).not.toBe(modulo(['a', 'b']).compile(shards).checksum);
    expect(modulo(['b', 'a']).compile(['c', 'b', 'a']).checksum).toBe(modulo(['b', 'a']).compile(shards).checksum);
  });

  it('reports every fault at once', () => {
    const broken = modulo([
      { from: 0, shards: [] },
      { from: 0n, shards: ['x', 'y', 'x'] },
      { from: 'x', shards: ['a'] },
      { from: null as never, shards: ['a'] },
    ]);
    expect(() => broken.compile([])).toThrow(
      expect.objectContaining({
        faults: [
          'modulo: entry 1 names no shard.',
          'modulo: several entries begin at 0.',
          'modulo: "from" of entry 3 is neither an integer nor a date.',
          'modulo: "from" of entry 4 is neither an integer nor a date.',
          'There is no shard.',
          'modulo: there is no shard "x".',
          'modulo: there is no shard "y".',
          'modulo: there is no shard "a".',
        ],
      }),
    );
    expect(() => modulo([]).compile(['a'])).toThrow(/names no shard/);
  });
});
