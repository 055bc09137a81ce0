import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { format } from 'node:util';
import ts from 'typescript';
import * as library from '../../src';
import * as testing from '../../src/testing';
import { typeErrors } from '../type-errors';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'guide', 'testing.md'), 'utf8');

interface Piece {
  readonly code: string;
  /** Name of the file that the piece is, by its first line. */
  readonly file: string | undefined;
}

const pieces: readonly Piece[] = [...guide.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => ({
  code,
  file: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1],
}));

const isSuite = ({ file = '' }: Piece) => file.endsWith('.test.ts');
const load = createRequire(__filename);
const modules = new Map<string, unknown>();

/** Gives a piece what it imports: the library, other pieces, and packages. */
function requireFor(name: string): unknown {
  if (name === 'typeorm-sharding') return library;
  if (name === 'typeorm-sharding/testing') return testing;
  if (!name.startsWith('./')) return jest.requireActual(name.startsWith('node:') ? name : load.resolve(name));
  const known = modules.get(name) ?? evaluate(pieces.find(({ file }) => file === `${name.slice(2, -'.js'.length)}.ts`)!.code);
  modules.set(name, known);
  return known;
}

const compilerOptions = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ES2022,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  useDefineForClassFields: false,
};

function evaluate(code: string): unknown {
  const exports = {};
  new Function('exports', 'require', ts.transpileModule(code, { compilerOptions }).outputText)(exports, requireFor);
  return exports;
}

/** Runs a piece that awaits and answers what it printed. */
async function run(code: string): Promise<readonly string[]> {
  const printed: string[] = [];
  const console = { log: (...values: unknown[]) => printed.push(format(...values)) };
  const body = `return (async () => {${ts.transpileModule(code, { compilerOptions }).outputText}\n})()`;
  await new Function('exports', 'require', 'console', body)({}, requireFor, console);
  return printed;
}

describe('The guide to testing', () => {
  it('holds TypeScript that type-checks', () => {
    const files = pieces.map(({ code, file }, index) => [
      file === undefined || file.endsWith('.test.ts') ? `test/testing/guide-piece-${index}.mts` : `test/testing/${file}`,
      `${code}\nexport {};\n`,
    ]);
    expect(typeErrors(Object.fromEntries(files))).toEqual([]);
  }, 120_000);

  it('prints what its comments say', async () => {
    const scripts = pieces.filter(({ file }) => file === undefined);
    expect(scripts.length).toBeGreaterThan(1);
    for (const { code } of scripts) {
      const expected = [...code.matchAll(/^\s*\/\/ prints: (.*)$/gm)].map(([, text]) => text);
      expect(await run(code)).toEqual(expected);
      expect(expected).not.toEqual([]);
    }
  });

  // The suites of the guide register their hooks and tests here.
  describe.each(pieces.filter(isSuite))('in $file', ({ code }) => {
    evaluate(code);
  });

  it('holds suites', () => {
    expect(pieces.filter(isSuite)).toHaveLength(2);
  });
});
