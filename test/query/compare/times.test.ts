import * as fc from 'fast-check';
import { compareTimes } from '../../../src/query';

/** As PostgreSQL writes the microseconds since 1970: no needless zeros, years before 1 as BC. */
function written(microseconds: bigint): string {
  const milliseconds = microseconds / 1000n - (microseconds % 1000n < 0n ? 1n : 0n);
  const date = new Date(Number(milliseconds));
  const year = date.getUTCFullYear();
  const fraction = String(((microseconds % 1_000_000n) + 1_000_000n) % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const rest = date.toISOString().slice(-'-01-31T10:00:00.000Z'.length, -'.000Z'.length).replace('T', ' ');
  const shownYear = String(year > 0 ? year : 1 - year).padStart(4, '0');
  return `${shownYear}${rest}${fraction && `.${fraction}`}${year > 0 ? '' : ' BC'}`;
}

const LIMIT = 8_000_000_000_000_000_000n / 1000n;
const instant = fc.oneof(fc.bigInt({ min: -LIMIT, max: LIMIT }), fc.bigInt({ min: 0n, max: 9_999_999n }));

describe('compareTimes()', () => {
  it('compares as time runs, before Christ and beyond the year 9999 too', () => {
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        expect(Math.sign(compareTimes(written(a), written(b)))).toBe(a < b ? -1 : Number(a > b));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['0044-03-15 BC', '0044-03-16 BC', -1],
    ['0045-03-15 BC', '0044-03-15 BC', -1],
    ['0001-12-31 BC', '0001-01-01', -1],
    ['9999-12-31 23:59:59.999999', '10000-01-01 00:00:00', -1],
    ['infinity', '294276-12-31 23:59:59', 1],
    ['-infinity', '4713-01-01 00:00:00 BC', -1],
    ['10:00:00', '10:00:00.000001', -1],
    ['infinity', 'infinity', 0],
  ])('puts %s and %s in order', (a, b, order) => {
    expect(Math.sign(compareTimes(a, b))).toBe(order);
    expect(Math.sign(compareTimes(b, a))).toBe(order === 0 ? 0 : -order);
  });
});
