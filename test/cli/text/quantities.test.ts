import { bytesText, percentText, secondsText } from '../../../src/cli/text/quantities';

describe('Quantities', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [123_456, '123 kB'],
    [2_500_000_000, '2.5 GB'],
    [5e15, '5,000 TB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it.each([
    [0, '0 s'],
    [0.2, '1 s'],
    [59.5, '1 min 0 s'],
    [80, '1 min 20 s'],
    [3_600, '1 h 0 min'],
    [90_061, '25 h 1 min'],
  ])('writes %d seconds as %s', (seconds, text) => expect(secondsText(seconds)).toBe(text));

  it('rounds shares down', () => {
    expect([percentText(999, 1_000), percentText(1_000, 1_000), percentText(0, 0)]).toEqual(['99 %', '100 %', '100 %']);
  });
});
