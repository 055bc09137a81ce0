import { hashRing, modulo, ranges } from '../../src';
import { lookUpOf, rowsAtRest, SLOT_LENGTH, shardRule } from '../../src/fence';
import { ruleOf } from '../../src/routing/rule';

const owner = (shard: string) => ({ shard, group: 'User', version: 3 });

describe('Rows at rest', () => {
  it('are the slots of the default ring, and every slot is owned by one shard', () => {
    const table = hashRing().compile(['a', 'b', 'c']);
    expect(lookUpOf(table)).toBe('slot');
    const all = ['a', 'b', 'c'].map((shard) => rowsAtRest(table, owner(shard)));
    for (let slot = 0; slot < 4_096; slot += 1) {
      const rows = all.map((each) => each[slot]!);
      expect(rows.map(({ since, upto }) => [since, upto])).toEqual(Array(3).fill([slot * SLOT_LENGTH, (slot + 1) * SLOT_LENGTH]));
      const owners = rows.filter(({ newRule }) => newRule.modulus === 1).map(({ shard }) => shard);
      expect(owners).toEqual([table.ownerOf(slot * SLOT_LENGTH)]);
    }
  });

  it('have both rules alike, all marks at their beginning, and the token of nobody', () => {
    const [row] = rowsAtRest(hashRing().compile(['a']), owner('a'));
    expect(row).toEqual({
      ...{ shard: 'a', group: 'User', since: 0, upto: SLOT_LENGTH, token: 0, version: 3 },
      ...{ oldRule: { modulus: 1, residue: 0 }, newRule: { modulus: 1, residue: 0 }, watermark: 0, frontier: 0, capture: 0 },
    });
  });

  it('are the segments of other placements, and what lies below the first is nobody’s', () => {
    const table = ranges([
      { from: 10, shard: 'a' },
      { from: 20, shard: 'b' },
    ]).compile(['a', 'b']);
    expect(lookUpOf(table)).toBe('range');
    expect(rowsAtRest(table, owner('b')).map(({ since, upto, newRule }) => [since, upto, newRule.modulus])).toEqual([
      [Number.NEGATIVE_INFINITY, 10, 0],
      [10, 20, 0],
      [20, Number.POSITIVE_INFINITY, 1],
    ]);
    expect(lookUpOf(hashRing({ virtualNodes: 3 }).compile(['a', 'b']))).toBe('range');
  });

  it('say the remainder of a shard among several', () => {
    const table = modulo(['a', 'b', 'c']).compile(['a', 'b', 'c']);
    expect(rowsAtRest(table, owner('b')).map(({ since, upto, oldRule }) => [since, upto, oldRule])).toEqual([
      [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, { modulus: 3, residue: 1 }],
    ]);
  });

  it('say a shard that stands several times in a rule where one remainder can, and refuse it elsewhere', () => {
    expect(shardRule(ruleOf(['a', 'b', 'a', 'c']), 'a', 'User')).toEqual({ modulus: 2, residue: 0 });
    expect(shardRule(ruleOf(['a', 'b', 'a', 'c']), 'c', 'User')).toEqual({ modulus: 4, residue: 3 });
    expect(shardRule(ruleOf(['a', 'b']), 'c', 'User')).toEqual({ modulus: 0, residue: 0 });
    expect(() => shardRule(ruleOf(['a', 'a', 'b']), 'a', 'User')).toThrow(/Group User: shard "a" stands several times/);
  });
});
