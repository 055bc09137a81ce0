import * as fc from 'fast-check';
import { In, LessThan, Not } from 'typeorm';
import { CursorInvalidError } from '../../src';
import { decodeCursor, encodeCursor, whereShape } from '../../src/query';

const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double().map((double) => double + 0),
  fc.constant(null),
);
const shape = { entity: 'User', query: [['createdAt', true, false]], terms: 2 };
const signed = { ...shape, secret: 'a secret of the cluster' };

describe('A cursor', () => {
  it.each([
    ['unsigned', shape],
    ['signed', signed],
  ])('gives back the values it was made of, %s', (_name, given) => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(decodeCursor(encodeCursor([a, b], given), given)).toEqual([a, b]);
      }),
    );
  });

  it('is a text that needs no escaping in a URL', () => {
    expect(encodeCursor(['ä/+?', 1], signed)).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it.each([
    ['of another entity', { ...signed, entity: 'Order' }],
    ['of another order', { ...signed, query: [['createdAt', false, false]] }],
    ['with another secret', { ...signed, secret: 'a secret of another one' }],
  ])('%s is refused', (_name, other) => {
    expect(() => decodeCursor(encodeCursor(['a', 1], other), signed)).toThrow(CursorInvalidError);
  });

  it('whose bytes were changed is refused, at every place', () => {
    const bytes = Buffer.from(encodeCursor(['a', 1], signed), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => decodeCursor(changed.toString('base64url'), signed)).toThrow(CursorInvalidError);
    }
  });

  it.each(['', 'x', 'bm90IGpzb24', Buffer.from('{"a":1}').toString('base64url'), Buffer.from('[1]').toString('base64url')])(
    'that is none is refused: %j',
    (text) => {
      expect(() => decodeCursor(text, shape)).toThrow(CursorInvalidError);
      expect(() => decodeCursor(text, signed)).toThrow(CursorInvalidError);
    },
  );

  it('does not show a value in the error', () => {
    const cursor = encodeCursor(['secret value', 1], { ...shape, entity: 'Order' });
    expect(() => decodeCursor(cursor, shape)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret value') }));
  });
});

describe('whereShape()', () => {
  it('is the same for other values and for other orders of properties', () => {
    expect(whereShape({ a: 1, b: LessThan(3) })).toEqual(whereShape({ b: LessThan(7), a: 'x' }));
    expect(whereShape({ a: In([1, 2]) })).toEqual(whereShape({ a: In([3]) }));
    expect(whereShape({ a: 1, b: undefined })).toEqual(whereShape({ a: 2 }));
  });

  it.each([
    [{ a: 1 }, { b: 1 }],
    [{ a: LessThan(1) }, { a: Not(1) }],
    [{ a: Not(1) }, { a: Not(In([1])) }],
    [{ a: 1 }, [{ a: 1 }]],
    [{ a: { b: 1 } }, { a: 1 }],
  ])('tells %j from %j', (one, other) => {
    expect(whereShape(one)).not.toEqual(whereShape(other));
  });
});
