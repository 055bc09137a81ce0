import { importCycles } from './cycles';
import { importsOf } from './imports';
import { parseSource } from './source';

function cyclesOf(files: Readonly<Record<string, string>>): readonly string[] {
  return importCycles(importsOf(Object.entries(files).map(([path, text]) => parseSource(path, text))));
}

describe('importCycles', () => {
  it('accepts files that are reached on several ways', () => {
    expect(cyclesOf({ a: "import './b'; import './c'", b: "import './d'", c: "import './d'", d: '' })).toEqual([]);
  });

  it('finds a cycle that only types close', () => {
    expect(cyclesOf({ a: "import './b'", b: "import './c'", c: "import type { B } from './b'" })).toEqual(['b -> c -> b']);
  });

  it('finds a file that imports itself', () => {
    expect(cyclesOf({ a: "export * from './a'" })).toEqual(['a -> a']);
  });
});
