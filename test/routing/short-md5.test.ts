import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { shortMd5 } from '../../src/routing/short-md5';

describe('shortMd5', () => {
  // RFC 1321, appendix A.5: the first six bytes of each digest.
  it.each([
    ['', 0xd41d8cd98f00],
    ['a', 0x0cc175b9c0f1],
    ['abc', 0x900150983cd2],
    ['message digest', 0xf96b697d7cb7],
    ['abcdefghijklmnopqrstuvwxyz', 0xc3fcd3d76192],
  ])('gives %j what RFC 1321 prints', (text, expected) => {
    expect(shortMd5(text)).toBe(expected);
  });

  it('agrees with node:crypto on every ASCII text of up to 55 characters', () => {
    const texts = fc.string({ unit: 'binary-ascii', maxLength: 55 });

    fc.assert(
      fc.property(texts, (text) => {
        expect(shortMd5(text)).toBe(Number.parseInt(createHash('md5').update(text).digest('hex').slice(0, 12), 16));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['more than 55 characters', 'x'.repeat(56)],
    ['a letter beyond ASCII', 'straße'],
    ['a pair of surrogates', '😀'],
  ])('leaves a text with %s to others', (_what, text) => {
    expect(shortMd5(text)).toBeUndefined();
  });

  it('keeps nothing of one text for the next', () => {
    const alone = shortMd5('b');

    shortMd5('a'.repeat(55));
    shortMd5('é');

    expect(shortMd5('b')).toBe(alone);
  });
});
