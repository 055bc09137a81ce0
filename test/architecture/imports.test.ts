import { importsOf } from './imports';
import { parseSource } from './source';

describe('importsOf', () => {
  it('finds statements, types, re-exports and calls, and resolves folders to their index', () => {
    const user = `
      import { a } from './a';
      import type { A } from '../errors';
      import b = require('./b');
      export { c } from './c';
      const d: import('./d').D = await import('./e.js');
      const f = require('./f');
      import { DataSource } from 'typeorm/data-source/DataSource';
      import '@scope/package/inner';
    `;
    const files = ['options/a', 'options/b', 'options/c', 'options/d', 'options/e', 'options/f', 'errors/index'];
    const sources = [parseSource('options/user.ts', user), ...files.map((path) => parseSource(path, ''))];

    expect(importsOf(sources)[0]).toEqual({
      path: 'options/user',
      files: expect.arrayContaining(files),
      packages: ['typeorm', '@scope/package'],
    });
  });

  it('refuses a relative import of nothing, which would escape every rule', () => {
    expect(() => importsOf([parseSource('options/user.ts', "import '../test/x'")])).toThrow('imports ../test/x, which is no file of src');
  });
});
