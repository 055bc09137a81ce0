import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentTestRun } from '../database/test-run';
import { run } from '../package/command';
import { install, pack } from '../package/pack';
import { blocksOf } from './kinds';
import { root } from './markdown';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** A new user's project, in which the blocks of the quick start are done one after the other. */
class Newcomer {
  printed = '';
  readonly #project: string;

  constructor(readonly folder: string) {
    this.#project = join(folder, 'project');
    mkdirSync(this.#project);
  }

  do(language: string, code: string): void {
    if (language === 'sh') for (const line of code.trim().split('\n')) this.#command(line);
    else if (language === 'json') writeFileSync(join(this.#project, 'tsconfig.json'), code);
    else if (language === 'ts') writeFileSync(join(this.#project, 'main.ts'), code);
    else if (language === 'text') expect(this.printed).toBe(code);
    else throw new Error(`The quick start has a block ${language}, which nothing is done with.`);
  }

  #command(line: string): void {
    const [program, ...words] = line.split(' ');
    if (program === 'npm' && words[0] === 'install') this.#install(words.slice(1).filter((word) => word !== '--save-dev'));
    else this.printed = run(program!, words, this.#project);
  }

  /** As npm would, without asking a registry: this package from its tarball, the others linked to those of the repository. */
  #install(names: readonly string[]): void {
    for (const name of names) {
      const known =
        name === manifest.name || name in { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies };
      expect({ name, known }).toEqual({ name, known: true });
    }
    const others = names.filter((name) => name !== manifest.name && !(name in manifest.dependencies));
    if (names.includes(manifest.name)) install(pack(this.#library()), this.#project, others);
    else for (const name of others) this.#link(name);
  }

  #library(): string {
    mkdirSync(join(this.folder, 'library'));
    return join(this.folder, 'library');
  }

  #link(name: string): void {
    const modules = join(this.#project, 'node_modules');
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
    if (name !== 'typescript') return;
    mkdirSync(join(modules, '.bin'));
    symlinkSync('../typescript/bin/tsc', join(modules, '.bin', 'tsc'));
  }
}

describe('The quick start of the README', () => {
  const blocks = blocksOf('quick start');

  it('is examples/quick-start/main.ts, word by word', () => {
    expect(blocks.find(({ language }) => language === 'ts')?.code).toBe(readFileSync(join(root, 'examples/quick-start/main.ts'), 'utf8'));
  });

  it('works for somebody who does what it says, and prints what it shows', () => {
    const folder = mkdtempSync(join(currentTestRun().files, 'quick-start-'));
    try {
      const newcomer = new Newcomer(folder);
      for (const { language, code } of blocks) newcomer.do(language, code);
      expect(blocks.map(({ language }) => language)).toEqual(['sh', 'json', 'ts', 'sh', 'text']);
      expect(newcomer.printed).toContain('Ada');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
