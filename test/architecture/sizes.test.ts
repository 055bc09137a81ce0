import { fileSizes, functionSizes, sizeFaults } from './sizes';
import { parseSource } from './source';

const limits = { median: 2, p90: 4, longest: 6 };

function faultsOf(...lines: readonly number[]): readonly string[] {
  const sizes = lines.map((count, index) => ({ place: `f${index}`, lines: count }));
  return sizeFaults('file', sizes, limits);
}

describe('sizeFaults', () => {
  it('accepts sizes at their limits', () => {
    expect(faultsOf(1, 1, 2, 2, 2, 4, 4, 4, 4, 6)).toEqual([]);
  });

  it('refuses a median, a 90th percentile and a longest one beyond them', () => {
    expect(faultsOf(3, 3, 3)).toEqual(['The median file has 3 lines, more than 2.']);
    expect(faultsOf(1, 1, 1, 5, 5)).toEqual(['The 90th percentile of files has 5 lines, more than 4.']);
    expect(faultsOf(1, 1, 1, 1, 1, 1, 1, 1, 1, 7)).toEqual(['f9: a file of 7 lines, more than 6.']);
  });
});

describe('fileSizes', () => {
  it('counts comments and blank lines', () => {
    expect(fileSizes([parseSource('a.ts', '// one\n\nlet a;\n')])).toEqual([{ place: 'a.ts', lines: 3 }]);
  });
});

describe('functionSizes', () => {
  it('counts functions, methods, accessors and long callbacks from their first word to their last brace', () => {
    const text = `/** Not counted. */
      function declared() {
        return [1].map((n) => n + 1);
      }
      const arrow = () => 1;
      class A {
        constructor() {}
        get b() { return 1; }
        abstract c(): void;
        d() {
          [1].forEach((n) => {
            arrow();
          });
        }
      }`;

    expect(functionSizes([parseSource('a.ts', text)])).toEqual([
      { place: 'a.ts:2', lines: 3 },
      { place: 'a.ts:5', lines: 1 },
      { place: 'a.ts:7', lines: 1 },
      { place: 'a.ts:8', lines: 1 },
      { place: 'a.ts:10', lines: 5 },
      { place: 'a.ts:11', lines: 3 },
    ]);
  });
});
