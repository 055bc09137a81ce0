import { forbiddenSyntax } from './forbidden-syntax';
import { parseSource } from './source';

function faultsOf(text: string, path = 'routing/a.ts'): readonly string[] {
  return forbiddenSyntax([parseSource(path, text)]);
}

const effects = [
  ["console.log('x')", 'console'],
  ['const { log } = console;', 'console'],
  ['globalThis.console.log()', 'console'],
  ["import { log } from 'node:console'", 'console'],
  ['process.exit(1)', 'process.exit'],
  ["process['exit'](1)", 'process.exit'],
  ["import { exit } from 'node:process'", 'process.exit'],
  ['const url = process.env.URL;', 'process.env'],
  ['globalThis.process.env', 'process.env'],
  ['const { env: settings } = process;', 'process.env'],
] as const;

describe('forbiddenSyntax', () => {
  it.each([
    ['export default 1', 'default export'],
    ['export default class A {}', 'default export'],
    ['export = {}', 'default export'],
    ['export { a as default }', 'default export'],
    ['enum A { b }', 'enum'],
    ['export const enum A { b }', 'enum'],
    ['namespace A {}', 'namespace'],
  ])('finds in %s: %s', (text, name) => {
    expect(faultsOf(text)).toEqual([`routing/a.ts:1: ${name}`]);
    expect(faultsOf(text, 'cli/a.ts')).toHaveLength(1);
  });

  it.each(effects)('finds in %s: %s, outside cli/ only', (text, name) => {
    expect(faultsOf(text)).toEqual([`routing/a.ts:1: ${name}`]);
    expect(faultsOf(text, 'cli/a.ts')).toEqual([]);
  });

  it.each([
    "declare module 'typeorm' { interface A {} }",
    'declare global { interface A {} }',
    'const a = { console: 1 }; a.console; task.process.exit;',
    'process.pid; process.emitWarning("x")',
    "import { default as a } from './a'; switch (a) { default: }",
    '// console.log(process.env)',
  ])('accepts %s', (text) => {
    expect(faultsOf(text)).toEqual([]);
  });
});
