import * as fc from 'fast-check';
import { mergeSorted, SortedMerge } from '../../src/query';

interface Item {
  readonly value: number;
  readonly list: number;
}

const lists = fc
  .array(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }), { maxLength: 9 })
  .map((found) => found.map((values, list) => values.sort((a, b) => a - b).map((value) => ({ value, list }))));
const byValue = (a: Item, b: Item) => a.value - b.value;

describe('mergeSorted()', () => {
  it('gives what sorting all items gives, of equal ones those of earlier lists first', () => {
    fc.assert(
      fc.property(lists, fc.nat(80), (given, limit) => {
        // Array.prototype.sort is stable.
        const expected = given.flat().sort(byValue);
        expect(mergeSorted(given, byValue)).toEqual(expected);
        expect(mergeSorted(given, byValue, limit)).toEqual(expected.slice(0, limit));
      }),
      { numRuns: 500 },
    );
  });

  it('compares about log2 of the number of lists for each item, and no item after the limit', () => {
    const given = Array.from({ length: 16 }, (_, list) => Array.from({ length: 1_000 }, (_, at) => ({ value: at * 16 + list, list })));
    let compared = 0;
    const last = Math.max(...mergeSorted(given, counted, 500).map(({ value }) => value));

    expect(last).toBe(499);
    // A sink compares twice on each of the four levels of the heap.
    expect(compared).toBeLessThan(500 * 2 * 4 + 64);
    function counted(a: Item, b: Item): number {
      compared += 1;
      expect(Math.max(a.value, b.value)).toBeLessThan(499 + 2 * 16);
      return byValue(a, b);
    }
  });
});

describe('SortedMerge', () => {
  it('tells from which list the next item comes and how much of each was taken', () => {
    const merge = new SortedMerge([[1, 4], [], [2, 3]], (a, b) => a - b);
    const seen: (readonly [number | undefined, number])[] = [];
    while (merge.first !== undefined) seen.push([merge.first, merge.take()]);

    expect(seen).toEqual([
      [0, 1],
      [2, 2],
      [2, 3],
      [0, 4],
    ]);
    expect([0, 1, 2].map((list) => merge.takenOf(list))).toEqual([2, 0, 2]);
  });
});
