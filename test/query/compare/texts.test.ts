import * as fc from 'fast-check';
import { compareBytes } from '../../../src/query';

const text = fc.string({ unit: 'binary', maxLength: 6 });

describe('compareBytes()', () => {
  it('compares as the UTF-8 bytes do', () => {
    fc.assert(
      fc.property(text, text, text, (prefix, a, b) => {
        const expected = Buffer.compare(Buffer.from(prefix + a), Buffer.from(prefix + b));
        expect(Math.sign(compareBytes(prefix + a, prefix + b))).toBe(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it('puts a character beyond U+FFFF after U+FFFD, which JavaScript itself does not', () => {
    expect('😀' < '\ufffd').toBe(true);
    expect(compareBytes('😀', '\ufffd')).toBeGreaterThan(0);
  });
});
