import fc from 'fast-check';
import { LayoutValueError } from '../../../src';
import { MAX_VALUE_BYTES, toStoredText } from '../../../src/repository/layout/layout-value';
import { jsonValues } from './layouts';

const cycle: Record<string, unknown> = {};
cycle.self = cycle;

class Point {
  constructor(readonly x: number) {}
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe('A layout value', () => {
  it('is stored as its JSON text when it survives JSON', () => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        expect(JSON.parse(toStoredText('Note', value))).toStrictEqual(value);
      }),
    );
  });

  it.each([
    ['null', null],
    ['an empty text', ''],
    ['half of a surrogate pair, which JSON escapes', '\ud800'],
    ['the character U+0000, which JSON escapes', 'a\0b'],
    ['a property named __proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
    ['the largest number', Number.MAX_VALUE],
  ])('may be %s', (_, value) => {
    expect(JSON.parse(toStoredText('Note', value))).toStrictEqual(value);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['minus zero', -0],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['an instance of a class', new Point(1)],
    ['a bigint', 1n],
    ['a symbol', Symbol('s')],
    ['a function', () => 'now()'],
    ['a cycle', cycle],
    ['a Buffer', Buffer.from('a')],
    ['a boxed text', Object('a')],
    ['an object without prototype', Object.create(null)],
    ['an object with its own toJSON', { toJSON: () => 1 }],
  ])('is refused when it is %s, on top or inside', (_, value) => {
    for (const each of [value, [value], { deep: [{ value }] }]) expect(() => toStoredText('Note', each)).toThrow(LayoutValueError);
  });

  it.each<[string, unknown]>([
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    ['a hole in an array', [1, , 2]],
    ['a further property on an array', Object.assign([1], { extra: 1 })],
    ['a property named by a symbol', { [Symbol.for('s')]: 1 }],
  ])('is refused when it has %s', (_, value) => {
    expect(() => toStoredText('Note', value)).toThrow(LayoutValueError);
  });

  // JSON.stringify goes deeper than comparing does, so there are depths at which only the second fails.
  it.each([2_000, 5_000, 20_000])('nested %d levels deep meets no other error than ours', (depth) => {
    try {
      expect(toStoredText('Note', nested(depth))).toHaveLength(2 * (depth + 1));
    } catch (error) {
      expect(error).toBeInstanceOf(LayoutValueError);
    }
  });

  it('keeps the fault of JSON as the cause', () => {
    expect(() => toStoredText('Note', 1n)).toThrow(expect.objectContaining({ code: 'ERR_LAYOUT_VALUE', cause: expect.any(TypeError) }));
  });

  it('names the class and never the value in its error', () => {
    expect(() => toStoredText('Note', { secret: 'password', when: new Date() })).toThrow(
      expect.objectContaining({ layout: 'Note', message: expect.not.stringContaining('password') }),
    );
  });

  it('may take all bytes of the column and no more, counted as UTF-8', () => {
    const quotes = 2;
    expect(toStoredText('Note', 'a'.repeat(MAX_VALUE_BYTES - quotes))).toHaveLength(MAX_VALUE_BYTES);
    expect(() => toStoredText('Note', 'a'.repeat(MAX_VALUE_BYTES - quotes + 1))).toThrow(/at most 16777215 fit/);
    expect(() => toStoredText('Note', 'é'.repeat(MAX_VALUE_BYTES / 2))).toThrow(LayoutValueError);
  });
});
