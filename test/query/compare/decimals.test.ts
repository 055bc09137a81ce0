import * as fc from 'fast-check';
import { compareDecimals, compareDoubles } from '../../../src/query';

/** A decimal as an integer of a given scale, and one of its spellings. */
const decimal = fc
  .record({ units: fc.bigInt({ min: -(10n ** 45n), max: 10n ** 45n }), small: fc.integer({ min: -999, max: 999 }), isSmall: fc.boolean() })
  .map(({ units, small, isSmall }) => (isSmall ? BigInt(small) * 10n ** 18n : units));

function spelled(units: bigint, zeros: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(21, '0');
  return `${units < 0n ? '-' : ''}${'0'.repeat(zeros)}${digits.slice(0, -20)}.${digits.slice(-20)}`;
}

describe('compareDecimals()', () => {
  it('compares as the exact numbers, whatever their spelling', () => {
    fc.assert(
      fc.property(decimal, decimal, fc.nat(3), (a, b, zeros) => {
        expect(Math.sign(compareDecimals(spelled(a, zeros), spelled(b, 0)))).toBe(a < b ? -1 : Number(a > b));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['9007199254740993', '9007199254740992', 1],
    ['-18446744073709551615', '18446744073709551615', -1],
    ['1.10', '1.1', 0],
    ['-0.00', '0', 0],
    ['12345678901234567890.1', '12345678901234567890.10', 0],
    ['NaN', 'Infinity', 1],
    ['NaN', 'NaN', 0],
    ['-Infinity', '-12345678901234567890123', -1],
    ['Infinity', '12345678901234567890123', 1],
  ])('puts %s and %s in the order of the database', (a, b, order) => {
    expect(Math.sign(compareDecimals(a, b))).toBe(order);
    expect(Math.sign(compareDecimals(b, a))).toBe(order === 0 ? 0 : -order);
  });
});

describe('compareDoubles()', () => {
  it('takes NaN for greater than everything and equal to itself, and -0 for 0', () => {
    expect(compareDoubles(Number.NaN, Number.POSITIVE_INFINITY)).toBe(1);
    expect(compareDoubles(1, Number.NaN)).toBe(-1);
    expect(compareDoubles(Number.NaN, Number.NaN)).toBe(0);
    expect(compareDoubles(-0, 0)).toBe(0);
  });
});
