import fc from 'fast-check';
import { ShardKeyInvalidError } from '../../src/errors';
import { integerPosition, type KeyPart } from '../../src/routing';

const integer: KeyPart = { property: 'Topic.id', type: 'integer' };
const date: KeyPart = { property: 'Event.day', type: 'date' };

describe('integerPosition', () => {
  it.each([
    [5, 5],
    ['005', 5],
    [5n, 5],
    [-5, -5],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    [-(2n ** 63n), -(2n ** 63n)],
  ])('of the integer %p is itself: %p', (value, position) => {
    expect(integerPosition(value, integer)).toBe(position);
  });

  it('of a negative zero is zero', () => {
    expect(Object.is(integerPosition(-0, integer), 0)).toBe(true);
    expect(Object.is(integerPosition('-0', integer), 0)).toBe(true);
  });

  it('of a date is its milliseconds since the epoch', () => {
    expect(integerPosition('1970-01-02', date)).toBe(86_400_000);
    expect(integerPosition(new Date(-1), date)).toBe(-1);
  });

  it('is one form for all spellings of an integer: a number when safe, else a bigint', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
        const position = integerPosition(value, integer);
        expect(BigInt(position)).toBe(value);
        expect(typeof position).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'bigint');
        expect(integerPosition(value.toString(), integer)).toBe(position);
      }),
    );
  });

  it.each([
    ['a', integer],
    [1.5, integer],
    [null, integer],
    ['tomorrow', date],
    ['a', { property: 'User.name', type: 'string' } as const],
    ['6f9619ff-8b86-d011-b42d-00c04fc964ff', { property: 'User.id', type: 'uuid' } as const],
  ])('of %p as %j is refused', (value, part) => {
    expect(() => integerPosition(value, part)).toThrow(ShardKeyInvalidError);
  });
});
