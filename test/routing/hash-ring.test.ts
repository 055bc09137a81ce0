import { ConfigurationError } from '../../src/errors';
import { hashRing } from '../../src/routing';
import { names } from './keys';

function faultsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('hashRing', () => {
  it('places hashes and describes itself', () => {
    expect(hashRing()).toMatchObject({ kind: 'hashRing', positions: 'hash' });
    expect(hashRing().describe()).toBe('hashRing()');
    expect(hashRing({ virtualNodes: 160 }).describe()).toBe('hashRing({ virtualNodes: 160 })');
  });

  it.each([[0], [-1], [1.5], [10_001], [Number.NaN], ['160' as never]])('refuses virtualNodes: %p', (virtualNodes) => {
    expect(faultsOf(() => hashRing({ virtualNodes }).compile(['a']))).toEqual([
      'hashRing: virtualNodes must be an integer from 1 to 10000.',
    ]);
  });

  it('reports every fault of options and members at once', () => {
    const members = [
      'a',
      'a',
      'a',
      { name: 'b', weight: Number.NaN },
      { name: 'c', weight: -1 },
      { name: 'd', weight: Number.POSITIVE_INFINITY },
      '',
    ];
    expect(faultsOf(() => hashRing({ virtualNodes: 0 }).compile(members))).toEqual([
      'hashRing: virtualNodes must be an integer from 1 to 10000.',
      'A shard has no name.',
      'The weight of shard "b" must be a finite number, 0 or more.',
      'The weight of shard "c" must be a finite number, 0 or more.',
      'The weight of shard "d" must be a finite number, 0 or more.',
      'The name "a" is given to several shards.',
    ]);
  });

  it('refuses a cluster without shards, or without any weight', () => {
    expect(faultsOf(() => hashRing().compile([]))).toEqual(['There is no shard.']);
    expect(faultsOf(() => hashRing().compile([{ name: 'a', weight: 0 }]))).toEqual([
      'hashRing: every shard has weight 0, so none owns anything.',
    ]);
  });

  it('refuses more shards than there are slots, unless their weight is 0', () => {
    expect(faultsOf(() => hashRing().compile(names(4097)))).toHaveLength(1);
    expect(faultsOf(() => hashRing().compile([...names(4096), { name: 'idle', weight: 0 }]))).toEqual([]);
  });

  it('refuses weights that ask for a ring too large to build', () => {
    expect(faultsOf(() => hashRing({ virtualNodes: 160 }).compile([{ name: 'a', weight: 1e6 }]))).toHaveLength(1);
  });

  it('refuses in one error with a stable code', () => {
    expect(() => hashRing().compile([])).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }));
  });
});
