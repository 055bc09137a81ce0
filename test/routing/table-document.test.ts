import fc from 'fast-check';
import { ConfigurationError } from '../../src/errors';
import { hashRing, modulo, type RoutingTable, ranges, readTable, writeTable } from '../../src/routing';
import { names, slotPositions } from './keys';

const BEYOND = 2n ** 60n;
const tables: readonly (readonly [string, RoutingTable])[] = [
  ['the ring of slots', hashRing().compile(names(7))],
  ['a ring of slots that grew', hashRing().compile(names(8), hashRing().compile(names(7)))],
  ['the classic ring', hashRing({ virtualNodes: 160 }).compile(names(5))],
  [
    'ranges',
    ranges([
      { from: -5, shard: 's0' },
      { from: BEYOND, shard: 's1' },
      { from: BEYOND + 1n, shard: 's2' },
    ]).compile(names(3)),
  ],
  ['one modulus over a line without an end', modulo(names(3)).compile(names(3))],
  [
    'epochs',
    modulo([
      { from: 0, shards: ['s0', 's1'] },
      { from: BEYOND, shards: names(3) },
    ]).compile(names(3)),
  ],
];

describe('A routing table that was written and read', () => {
  it.each(tables)('is the same: %s', (_, table) => {
    const read = readTable(JSON.parse(JSON.stringify(writeTable(table))));

    expect(read.checksum).toBe(table.checksum);
    expect(read.segments).toEqual(table.segments);
    expect(read.shards).toEqual(table.shards);
    const positions = table.placement === 'hashRing' ? slotPositions : [0, 1, 2, 1_000_003, BEYOND - 1n, BEYOND, BEYOND + 1n, BEYOND + 2n];
    expect(positions.map((each) => read.ownerOf(each))).toEqual(positions.map((each) => table.ownerOf(each)));
  });

  it.each(tables)('is refused when a character of it is another, or it still answers alike: %s', (_, table) => {
    const text = JSON.stringify(writeTable(table));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', '7', 's', ',', ']', '"'), (at, character) => {
        const damaged = text.slice(0, at) + character + text.slice(at + 1);
        let document: unknown;
        try {
          document = JSON.parse(damaged);
        } catch {
          return;
        }
        try {
          expect(readTable(document as never).segments).toEqual(table.segments);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each([null, {}, { ...writeTable(tables[0]![1]), starts: [] }, { ...writeTable(tables[0]![1]), rules: [[]] }, 'x'])(
    'is refused when it is no table: %#',
    (document) => {
      expect(() => readTable(document as never)).toThrow(ConfigurationError);
    },
  );
});
