import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { layers } from '../architecture/layers';
import { blocksOf } from './kinds';
import { root } from './markdown';

describe('The diagram of the layers in docs/architecture.md', () => {
  it('is the order that imports are held to, with every folder of src', () => {
    const [diagram, ...others] = blocksOf('diagram');
    const shown = diagram!.code.split('←').map((layer) => layer.match(/[a-z-]+/g)!.sort());
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const existing = new Set(folders.map(({ name }) => name));

    expect(others).toEqual([]);
    expect(shown).toEqual(layers.map((layer) => layer.filter((folder) => existing.has(folder)).sort()).filter(({ length }) => length > 0));
  });
});
