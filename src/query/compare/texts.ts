/** Compares texts by their UTF-8 bytes, as binary collations do. JavaScript's own `<` differs above U+D7FF. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [unitA, unitB] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (unitA !== unitB) return weightOf(unitA) - weightOf(unitB);
  }
  return a.length - b.length;
}

/** Half a surrogate pair stands for a code point above all that one unit can hold. */
function weightOf(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
