import { ShardKeyInvalidError } from '../errors';
import { dateText } from './date-text';
import { integerText } from './integer-text';
import type { KeyPart } from './key-part';
import { stringText } from './string-text';
import { uuidText } from './uuid-text';

/**
 * Writes the value of one key column as its canonical text: all spellings that the database holds for equal give one text.
 *
 * @param value - What the caller gave, of any type.
 * @throws ShardKeyInvalidError when the value cannot route; the error never shows the value.
 */
export function canonicalPart(value: unknown, part: KeyPart): string {
  if (value === null || value === undefined) throw new ShardKeyInvalidError(part.property, 'it has no value');
  switch (part.type) {
    case 'integer':
      return integerText(value, part.property);
    case 'string':
      return stringText(value, part);
    case 'uuid':
      return uuidText(value, part.property);
    case 'date':
      return dateText(value, part);
  }
}

/**
 * Writes a whole shard key as its canonical text.
 *
 * One column gives its own text. Several give netstrings (`3:abc,2:de,`), each with its length in UTF-8 bytes, so that
 * no two keys share a text.
 *
 * @param values - One value for each part, in the parts' order.
 * @throws ShardKeyInvalidError when a value cannot route or their number is another than the parts'.
 * @see D. J. Bernstein, "Netstrings", 1997.
 */
export function canonicalKey(values: readonly unknown[], parts: readonly KeyPart[]): string {
  if (values.length !== parts.length) throw wrongCount(values.length, parts);
  const texts = parts.map((part, index) => canonicalPart(values[index], part));
  return texts.length === 1 ? texts[0]! : texts.map(netstring).join('');
}

function netstring(text: string): string {
  return `${Buffer.byteLength(text, 'utf8')}:${text},`;
}

function wrongCount(given: number, parts: readonly KeyPart[]): ShardKeyInvalidError {
  const properties = parts.map(({ property }) => property).join(', ');
  return new ShardKeyInvalidError(properties, `the key has ${parts.length} part(s), ${given} value(s) were given`);
}
