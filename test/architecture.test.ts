import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importCycles } from './architecture/cycles';
import { type Manifest, undeclaredPackages, unexplainedDependencies } from './architecture/dependencies';
import { forbiddenSyntax } from './architecture/forbidden-syntax';
import { importsOf } from './architecture/imports';
import { layerFaults } from './architecture/layers';
import { fileSizes, functionSizes, sizeFaults } from './architecture/sizes';
import { readSources } from './architecture/source';

const root = join(__dirname, '..');
const sources = readSources(join(root, 'src'));
const imports = importsOf(sources);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

function readDocument(path: string): string {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
}

describe('The source of the library', () => {
  it('imports along the layers only', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(layerFaults(imports)).toEqual([]);
  });

  it('has no import cycle, types included', () => {
    expect(importCycles(imports)).toEqual([]);
  });

  it('keeps files short', () => {
    expect(sizeFaults('file', fileSizes(sources), { median: 120, p90: 250, longest: 400 })).toEqual([]);
  });

  it('keeps functions short', () => {
    expect(sizeFaults('function', functionSizes(sources), { median: 10, p90: 30, longest: 60 })).toEqual([]);
  });

  it('has no default export, enum or namespace, and touches console, process.exit and process.env in cli/ only', () => {
    expect(forbiddenSyntax(sources)).toEqual([]);
  });

  it('imports no package that its users would not have', () => {
    expect(undeclaredPackages(manifest, imports)).toEqual([]);
  });

  it('has a reason in docs/architecture.md for every runtime dependency', () => {
    expect(unexplainedDependencies(manifest, readDocument('docs/architecture.md'))).toEqual([]);
  });
});
