import { undeclaredPackages, unexplainedDependencies } from './dependencies';

describe('unexplainedDependencies', () => {
  it('names a dependency that the document does not name as code', () => {
    const manifest = { dependencies: { 'p-limit': '^3.0.0', 'async-mutex': '^0.5.0' } };

    expect(unexplainedDependencies(manifest, '`p-limit` bounds what runs at once; async-mutex')).toEqual([
      'async-mutex is a dependency without a reason in docs/architecture.md.',
    ]);
  });
});

describe('undeclaredPackages', () => {
  it("accepts dependencies, peers and Node's own modules, and names the rest", () => {
    const manifest = { dependencies: { 'p-limit': '^3.0.0' }, peerDependencies: { typeorm: '^1.0.0' } };
    const imports = [{ path: 'cluster/a', files: [], packages: ['p-limit', 'typeorm', 'node:path', 'path', 'lodash'] }];

    expect(undeclaredPackages(manifest, imports)).toEqual(['cluster/a.ts imports lodash, which package.json does not declare.']);
  });

  it('lets only nestjs import the library by its own name', () => {
    const imports = ['nestjs/a', 'cli/a'].map((path) => ({ path, files: [], packages: ['typeorm-sharding'] }));

    expect(undeclaredPackages({ name: 'typeorm-sharding' }, imports)).toEqual([
      'cli/a.ts imports typeorm-sharding, which package.json does not declare.',
    ]);
  });
});
