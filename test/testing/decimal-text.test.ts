import { decimalText } from '../../src/testing/columns/decimal-text';

describe('The text of a decimal', () => {
  it.each([
    ['12.5', 2, '12.50'],
    [12.5, 0, '13'],
    ['-12.5', 0, '-13'],
    ['1.005', 2, '1.01'],
    ['-0.004', 2, '0.00'],
    [1e21, undefined, '1000000000000000000000'],
    ['1.5e-7', undefined, '0.00000015'],
    ['.5', undefined, '0.5'],
    ['+007.10', undefined, '7.10'],
    [3n, 2, '3.00'],
    ['123456789012345', 0, '123456789012345'],
  ])('%s with scale %s is %s', (value, scale, text) => {
    expect(decimalText(value, scale)).toBe(text);
  });

  it.each(['', '.', 'abc', 'NaN', 'Infinity', '1,5'])('refuses %j', (value) => {
    expect(() => decimalText(value, 2)).toThrow('no decimal');
  });

  it('refuses more digits than SQLite keeps', () => {
    expect(() => decimalText('1234567890123456', undefined)).toThrow('more than 15 digits');
  });
});
