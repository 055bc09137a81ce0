import { layerFaults } from './layers';

function faultsOf(path: string, file: string): readonly string[] {
  return layerFaults([{ path, files: [file], packages: [] }]);
}

describe('layerFaults', () => {
  it.each([
    ['routing/hash-ring', 'errors/index'],
    ['routing/hash-ring', 'routing/slot-ring'],
    ['repository/reads', 'transaction/index'],
    ['repository/reads', 'repository/layout/index'],
    ['cli/main', 'data-source/index'],
    ['index', 'cli/main'],
  ])('lets %s import %s', (path, file) => {
    expect(faultsOf(path, file)).toEqual([]);
  });

  it.each([
    ['errors/sharding-error', 'routing/index', 'which is not below it'],
    ['transaction/pinned', 'repository/index', 'which is not below it'],
    ['reshard/plan', 'transaction/index', 'which is not below it'],
    ['nestjs/module', 'cli/main', 'which is not below it'],
    ['data-source/sharded-data-source', 'index', 'which is not below it'],
    ['routing/hash-ring', 'routing/index', 'the index of its own folder'],
    ['repository/layout/store', 'repository/index', 'the index of its own folder'],
    ['utils/text', 'errors/index', 'is in no layer'],
    ['stray', 'errors/index', 'is in no layer'],
  ])('refuses that %s imports %s', (path, file, fault) => {
    expect(faultsOf(path, file)).toEqual([expect.stringContaining(fault)]);
  });
});
