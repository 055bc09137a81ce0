import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { ShardKeyInvalidError } from '../../src/errors';
import { canonicalKey, canonicalPart, type KeyPart } from '../../src/routing';

const integer: KeyPart = { property: 'User.id', type: 'integer' };
const string: KeyPart = { property: 'User.guid', type: 'string' };
const uuid: KeyPart = { property: 'User.uuid', type: 'uuid' };
const date: KeyPart = { property: 'User.day', type: 'date' };

function refusal(act: () => unknown): ShardKeyInvalidError {
  try {
    act();
  } catch (error) {
    if (error instanceof ShardKeyInvalidError) return error;
    throw error;
  }
  throw new Error('the value was accepted');
}

describe('canonicalPart', () => {
  describe('of an integer', () => {
    it.each([
      [0, '0'],
      [-0, '0'],
      ['-0', '0'],
      ['-000', '0'],
      ['007', '7'],
      ['-007', '-7'],
      [42, '42'],
      [-42, '-42'],
      ['42', '42'],
      [42n, '42'],
      [Number.MAX_SAFE_INTEGER, '9007199254740991'],
      ['9007199254740993', '9007199254740993'],
      [9007199254740993n, '9007199254740993'],
      [-(2n ** 63n), '-9223372036854775808'],
      ['18446744073709551615', '18446744073709551615'],
      [`${'0'.repeat(500)}5`, '5'],
    ])('writes %p as %s', (value, text) => {
      expect(canonicalPart(value, integer)).toBe(text);
    });

    it.each([
      ['+5'],
      [' 5'],
      ['5 '],
      ['5\n'],
      ['5.0'],
      ['1e3'],
      ['0x10'],
      [''],
      ['-'],
      ['--1'],
      ['٣'],
      ['1_000'],
      ['9'.repeat(10_000)],
      [Number.NaN],
      [Number.POSITIVE_INFINITY],
      [1.5],
      [2 ** 53],
      [-(2n ** 63n) - 1n],
      [2n ** 64n],
      ['18446744073709551616'],
      [true],
      [{}],
      [[5]],
      [new Date(0)],
      [Object(5)],
      [Symbol('5')],
      [() => 5],
    ])('refuses %p', (value) => {
      expect(() => canonicalPart(value, integer)).toThrow(ShardKeyInvalidError);
    });

    it('tells how to pass a number beyond 2^53', () => {
      expect(refusal(() => canonicalPart(2 ** 60, integer)).reason).toContain('pass a bigint or a string');
    });

    it('gives a number, a bigint and a string with leading zeros one text', () => {
      fc.assert(
        fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), fc.nat(5), (value, zeros) => {
          const padded = `${value < 0n ? '-' : ''}${'0'.repeat(zeros)}${value < 0n ? -value : value}`;
          expect(canonicalPart(value, integer)).toBe(value.toString());
          expect(canonicalPart(padded, integer)).toBe(value.toString());
          if (Number.isSafeInteger(Number(value))) expect(canonicalPart(Number(value), integer)).toBe(value.toString());
        }),
      );
    });
  });

  describe('of a string', () => {
    it.each([
      [''],
      ['abc'],
      ['ABC'],
      ['007'],
      ["' OR 1=1"],
      ['__proto__'],
      ['constructor'],
      ['😀👩‍👩‍👧'],
      ['trailing blank '],
      [' leading'],
      ['x'.repeat(10_000)],
      ['\u00e9'],
      ['e\u0301'],
      ['\ufeff'],
    ])('takes %j as it is', (value) => {
      expect(canonicalPart(value, string)).toBe(value);
    });

    it.each([[5], [5n], [true], [{}], [['a']], [Object('a')], ['\ud800'], ['a\udc00b'], ['a\0b']])('refuses %p', (value) => {
      expect(() => canonicalPart(value, string)).toThrow(ShardKeyInvalidError);
    });

    it('refuses trailing blanks only where the database ignores them', () => {
      const padded: KeyPart = { ...string, padded: true };
      expect(() => canonicalPart('a ', padded)).toThrow(/ends in blanks/);
      expect(canonicalPart('a\t', padded)).toBe('a\t');
      expect(canonicalPart(' a', padded)).toBe(' a');
      expect(canonicalPart('a ', { ...padded, normalize: (value) => value.trimEnd() })).toBe('a');
    });

    it('counts maxLength in characters, not in UTF-16 units', () => {
      const short: KeyPart = { ...string, maxLength: 3 };
      expect(canonicalPart('😀😀😀', short)).toBe('😀😀😀');
      expect(() => canonicalPart('😀😀😀😀', short)).toThrow(/longer than the 3 characters/);
      expect(() => canonicalPart('abcd', short)).toThrow(/longer than the 3 characters/);
    });

    it('takes what the normalizer makes of it', () => {
      expect(canonicalPart('ÄBC', { ...string, normalize: (value) => value.toLowerCase() })).toBe('äbc');
    });

    it('refuses a normalizer that returns no string, or that throws, with its error as the cause', () => {
      const cause = new Error('broken');
      const broken = () => {
        throw cause;
      };
      expect(() => canonicalPart('a', { ...string, normalize: (() => 5) as never })).toThrow(/did not return a string/);
      expect(refusal(() => canonicalPart('a', { ...string, normalize: broken })).cause).toBe(cause);
    });
  });

  describe('of a UUID', () => {
    it('writes it in lower case', () => {
      expect(canonicalPart('6F9619FF-8B86-D011-B42D-00C04FC964FF', uuid)).toBe('6f9619ff-8b86-d011-b42d-00c04fc964ff');
    });

    it.each([
      ['6f9619ff8b86d011b42d00c04fc964ff'],
      ['{6f9619ff-8b86-d011-b42d-00c04fc964ff}'],
      ['6f9619ff-8b86-d011-b42d-00c04fc964ff\n'],
      ['6f9619ff-8b86-d011-b42d-00c04fc964fg'],
      [''],
      [5],
    ])('refuses %p', (value) => {
      expect(() => canonicalPart(value, uuid)).toThrow(ShardKeyInvalidError);
    });
  });

  describe('of a date', () => {
    it.each([
      [new Date(0), '1970-01-01T00:00:00.000Z'],
      ['2024-02-29', '2024-02-29T00:00:00.000Z'],
      ['2024-02-29T12:00Z', '2024-02-29T12:00:00.000Z'],
      ['2024-02-29T23:30:00-01:00', '2024-03-01T00:30:00.000Z'],
      ['2024-02-29T12:00:00.5Z', '2024-02-29T12:00:00.500Z'],
      ['0001-01-01', '0001-01-01T00:00:00.000Z'],
      [runInNewContext('new Date(5)'), '1970-01-01T00:00:00.005Z'],
    ])('writes %p as %s', (value, text) => {
      expect(canonicalPart(value, date)).toBe(text);
    });

    it.each([
      [new Date(Number.NaN)],
      [new Date(8.64e15)],
      ['2024-02-30'],
      ['2023-02-29'],
      ['2024-13-01'],
      ['2024-02-29T12:00:00'],
      ['2024-02-29 12:00:00Z'],
      ['2024-02-29T12:00:00.1234Z'],
      ['2024-02-29T25:00Z'],
      ['29.02.2024'],
      ['+012024-02-29'],
      ['2024'],
      [''],
      [0],
      [{}],
    ])('refuses %p', (value) => {
      expect(() => canonicalPart(value, date)).toThrow(ShardKeyInvalidError);
    });
  });

  it('of a day without time takes only the text of a day, since the day of a Date depends on the zone', () => {
    const day: KeyPart = { ...date, dayOnly: true };
    expect(canonicalPart('2026-01-31', day)).toBe('2026-01-31T00:00:00.000Z');
    for (const value of [new Date('2026-01-31'), '2026-01-31T00:00:00Z', 0])
      expect(() => canonicalPart(value, day)).toThrow(ShardKeyInvalidError);
  });

  it.each([[integer], [string], [uuid], [date]])('says of a missing value that there is none, for %j', (part) => {
    for (const value of [null, undefined]) {
      expect(refusal(() => canonicalPart(value, part))).toMatchObject({ property: part.property, reason: 'it has no value' });
    }
  });

  it('either writes any value or refuses it with ShardKeyInvalidError, and never shows it', () => {
    const part = fc.constantFrom(integer, { ...string, maxLength: 5, padded: true }, uuid, date);
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ minLength: 12 })), part, (value, keyPart) => {
        try {
          expect(typeof canonicalPart(value, keyPart)).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(ShardKeyInvalidError);
          if (typeof value === 'string' && value.length >= 12)
            expect(JSON.stringify({ ...(error as object), m: String(error) })).not.toContain(value);
        }
      }),
    );
  });

  it('never shows the secret in an error', () => {
    const secret = 'hunter2-hunter2';
    for (const part of [integer, uuid, date, { ...string, maxLength: 3 }]) {
      const { message, reason, property } = refusal(() => canonicalPart(secret, part));
      expect([message, reason, property].join()).not.toContain(secret);
    }
  });
});

describe('canonicalKey', () => {
  it('is the text of its only part', () => {
    expect(canonicalKey(['abc'], [string])).toBe('abc');
    expect(canonicalKey([7n], [integer])).toBe('7');
  });

  it('is the netstrings of several parts, by length in UTF-8 bytes', () => {
    expect(canonicalKey(['abc', 'de'], [string, string])).toBe('3:abc,2:de,');
    expect(canonicalKey(['😀', '007', ''], [string, integer, string])).toBe('4:😀,1:7,0:,');
  });

  it('is different for different composite keys', () => {
    const text = fc.string({ unit: fc.constantFrom('1', ':', ',', 'a'), maxLength: 6 });
    fc.assert(
      fc.property(fc.tuple(text, text), fc.tuple(text, text), (a, b) => {
        const isSame = a[0] === b[0] && a[1] === b[1];
        expect(canonicalKey(a, [string, string]) === canonicalKey(b, [string, string])).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });

  it.each([[[]], [['a']], [['a', 'b', 'c']]])('refuses another number of values than of parts: %j', (values) => {
    expect(() => canonicalKey(values, [string, integer])).toThrow(/2 part\(s\), \d value\(s\)/);
  });
});
