import fc from 'fast-check';
import { hashPosition } from '../../src/routing';
import { md5 } from './keys';

describe('hashPosition', () => {
  // From the md5sum of GNU coreutils: the first 12 hexadecimal digits.
  it.each([
    ['', 0xd41d8cd98f00],
    ['a', 0x0cc175b9c0f1],
    ['0', 0xcfcd208495d5],
    ['abc', 0x900150983cd2],
    ['日本', 0x4dbed2e65745],
    ['😀', 0x2a02eac39d71],
    ['3:abc,2:de,', 0x12113c21d04e],
    ['__proto__', 0x1f4e0a21bb6e],
  ])('hashes %j to the frozen position', (text, position) => {
    expect(hashPosition(text)).toBe(position);
  });

  it('is the first 48 bits of the MD5 of any text, an integer from 0 to below 2^48', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(hashPosition(text)).toBe(Number.parseInt(md5(text).slice(0, 12), 16));
      }),
    );
  });
});
