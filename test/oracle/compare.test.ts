import { differenceOf } from './compare';
import type { Answer } from './run-call';

const value = (of: unknown): Answer => ({ kind: 'value', value: of });
const written = (affected: unknown, rows: readonly object[]): Answer => ({ kind: 'written', affected, tables: { User: rows } });
const [a, b] = [{ guid: 'a' }, { guid: 'b' }];

describe('Comparing a cluster with one database', () => {
  it('sees rows in another order, but not where there is none', () => {
    expect(differenceOf(value([a, b]), value([b, a]), 'ordered')).toContain('in order');
    expect(differenceOf(value([a, b]), value([b, a]), 'set')).toBeUndefined();
  });

  it.each(['ordered', 'set'] as const)('sees a lost, a doubled and a changed row (%s)', (mode) => {
    for (const rows of [[a], [a, b, b], [a, { guid: 'c' }], [a, { guid: 'b', more: null }]]) {
      expect(differenceOf(value([a, b]), value(rows), mode)).toContain('expected 2 rows');
    }
  });

  it('sees another count beside the same rows', () => {
    expect(differenceOf(value([[a], 2]), value([[a], 1]), 'set')).toBe('count: expected 2, got 1');
  });

  it('takes any of the matching rows where there is no order, and none of the others', () => {
    expect(differenceOf(value([a, b]), value(b), 'member')).toBeUndefined();
    expect(differenceOf(value([a, b]), value({ guid: 'c' }), 'member')).toContain('none of');
    expect(differenceOf(value([a, b]), value(null), 'member')).toContain('none of');
  });

  it('tells types, times, bytes and texts apart that look alike', () => {
    const pairs: readonly (readonly [unknown, unknown])[] = [
      ['1', 1],
      [1n, 1],
      [true, 1],
      [new Date(0), new Date(1)],
      [Buffer.from('a'), 'a'],
      ['a', 'a '],
      [null, 'null'],
      [{ guid: 'a' }, Object.assign(new (class User {})(), { guid: 'a' })],
    ];
    for (const [one, other] of pairs) expect(differenceOf(value([one]), value([other]), 'ordered')).toBeDefined();
  });

  it('does not mind in which order relations were loaded, or when a row was deleted', () => {
    const loaded = { orders: [a, b], deletedAt: new Date(1) };
    const others = { deletedAt: new Date(2), orders: [b, a] };
    expect(differenceOf(value([loaded]), value([others]), 'ordered')).toBeUndefined();
    expect(differenceOf(value([loaded]), value([{ ...others, deletedAt: null }]), 'ordered')).toBeDefined();
  });

  it('gives computed floats a tolerance, and nothing else', () => {
    expect(
      differenceOf(value([{ approximate_double_sum_x: 0.3 }]), value([{ approximate_double_sum_x: 0.1 + 0.2 }]), 'set'),
    ).toBeUndefined();
    expect(differenceOf(value([{ approximate_double_sum_x: 0.3 }]), value([{ approximate_double_sum_x: 0.31 }]), 'set')).toBeDefined();
    expect(differenceOf(value([{ sum_x: 0.3 }]), value([{ sum_x: 0.1 + 0.2 }]), 'set')).toBeDefined();
  });

  it('sees after a write other rows and another number of them', () => {
    expect(differenceOf(written(1, [a]), written(1, [b]), 'set')).toContain('rows of User after the write');
    expect(differenceOf(written(1, [a]), written(2, [a]), 'set')).toBe('affected: expected 1, got 2');
    expect(differenceOf(written(undefined, [a]), written(0, [a]), 'set')).toBeUndefined();
  });

  it('takes an error only for the same kind of error', () => {
    const error = (of: Error): Answer => ({ kind: 'error', error: of });
    expect(differenceOf(error(new TypeError('x')), error(new TypeError('y')), 'set')).toBeUndefined();
    expect(differenceOf(error(new TypeError('x')), error(new RangeError('x')), 'set')).toContain('expected TypeError, got RangeError');
    expect(differenceOf(error(new TypeError('x')), value([]), 'set')).toContain('got an answer');
    expect(differenceOf(value([]), error(new TypeError('x')), 'set')).toContain('expected an answer');
  });
});
