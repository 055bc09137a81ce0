import fc from 'fast-check';
import { firstEndingAbove } from '../../src/routing';

it('The piece of a line that ends above a position is found as by looking at each', () => {
  const ends = fc.uniqueArray(fc.oneof(fc.integer({ min: -50, max: 50 }), fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n })), {
    selector: String,
  });
  fc.assert(
    fc.property(ends, fc.boolean(), fc.integer({ min: -60, max: 60 }), (unsorted, isOpen, position) => {
      const sorted = unsorted.sort((a, b) => (a < b ? -1 : 1)).map((upto) => ({ upto }));
      const pieces = isOpen ? [...sorted, { upto: null }] : sorted;
      const found = pieces.findIndex(({ upto }) => upto === null || upto > position);
      expect(firstEndingAbove(pieces, position)).toBe(found === -1 ? pieces.length : found);
    }),
  );
});
