const NAN = 'NaN';

/**
 * Compares two decimal numbers given as text without an exponent, exactly, whatever their length.
 * PostgreSQL's `Infinity` and `NaN` are understood; `NaN` is greater than everything, as PostgreSQL has it.
 */
export function compareDecimals(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length < 16 && b.length < 16) return compareDoubles(Number(a), Number(b));
  if (!isOrdinary(a) || !isOrdinary(b)) return compareDoubles(rankOf(a), rankOf(b));
  const [signA, signB] = [signOf(a), signOf(b)];
  if (signA !== signB) return signA - signB;
  return signA < 0 ? compareMagnitudes(b, a) : compareMagnitudes(a, b);
}

/** Compares numbers as databases do: `NaN` is greater than everything and equal to itself. */
export function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function isOrdinary(text: string): boolean {
  return text !== NAN && !text.endsWith('y');
}

/** Where infinite values and `NaN` stand among each other, every finite one being 0. */
function rankOf(text: string): number {
  if (text === NAN) return 2;
  if (!text.endsWith('y')) return 0;
  return text.startsWith('-') ? -1 : 1;
}

function signOf(text: string): number {
  if (!/[1-9]/.test(text)) return 0;
  return text.startsWith('-') ? -1 : 1;
}

function compareMagnitudes(a: string, b: string): number {
  const [wholeA, fractionA] = partsOf(a);
  const [wholeB, fractionB] = partsOf(b);
  if (wholeA.length !== wholeB.length) return wholeA.length - wholeB.length;
  if (wholeA !== wholeB) return wholeA < wholeB ? -1 : 1;
  if (fractionA === fractionB) return 0;
  return fractionA < fractionB ? -1 : 1;
}

function partsOf(text: string): readonly [string, string] {
  const [whole = '', fraction = ''] = text.replace(/^[-+]?0*/, '').split('.');
  return [whole, fraction.replace(/0+$/, '')];
}
