/** Digits that SQLite keeps of a decimal without rounding it. @see https://sqlite.org/datatype3.html#type_affinity */
const EXACT_DIGITS = 15;

/**
 * Writes a decimal as MySQL and PostgreSQL give it back: rounded half away from zero to the column's scale, with all its places.
 *
 * @param value - a decimal as number or text, without or with exponent.
 * @param scale - places after the point; undefined keeps the value's own.
 * @throws RangeError when SQLite would not keep all of its digits.
 */
export function decimalText(value: number | string | bigint, scale: number | undefined): string {
  const match = /^\s*([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?\s*$/i.exec(String(value));
  if (!match || (match[2] === '' && match[3] === '')) throw new RangeError('The value of a decimal column is no decimal.');
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  const wanted = scale ?? Math.max(places, 0);
  const rounded = places > wanted ? roundAway(digits, places - wanted) : digits * 10n ** BigInt(wanted - places);
  if (significantDigits(rounded) > EXACT_DIGITS) {
    throw new RangeError(`A decimal of more than ${EXACT_DIGITS} digits cannot be kept exactly by the SQLite of a test cluster.`);
  }
  return `${sign === '-' && rounded !== 0n ? '-' : ''}${withPoint(rounded, wanted)}`;
}

function roundAway(digits: bigint, places: number): bigint {
  const unit = 10n ** BigInt(places);
  return (digits + unit / 2n) / unit;
}

function significantDigits(digits: bigint): number {
  return digits.toString().replace(/0+$/, '').length;
}

function withPoint(digits: bigint, places: number): string {
  const text = digits.toString().padStart(places + 1, '0');
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
}
