import { ShardKeyInvalidError } from '../errors';
import type { KeyPart } from './key-part';

/**
 * Takes a string key as it is, after `normalize` where the part has one; no case folding, no Unicode normalisation.
 *
 * The checks are of the normalised text, because that is what routes; only the length is of the text as it is stored.
 *
 * @throws ShardKeyInvalidError for another type than string (databases compare a number with a text column by other
 *   rules than a text), for ill-formed UTF-16, U+0000, more than `maxLength` characters, and for trailing blanks
 *   where the column ignores them.
 */
export function stringText(value: unknown, part: KeyPart): string {
  if (typeof value !== 'string') throw new ShardKeyInvalidError(part.property, 'a string key must be a string');
  const text = part.normalize === undefined ? value : normalized(value, part.normalize, part.property);
  const reason = tooLong(value, part) ?? reasonToRefuse(text, part);
  if (reason !== undefined) throw new ShardKeyInvalidError(part.property, reason);
  return text;
}

function normalized(value: string, normalize: (value: string) => string, property: string): string {
  const text: unknown = runNormalizer(value, normalize, property);
  if (typeof text !== 'string') throw new ShardKeyInvalidError(property, 'its normalizer did not return a string');
  return text;
}

function runNormalizer(value: string, normalize: (value: string) => string, property: string): string {
  try {
    return normalize(value);
  } catch (cause) {
    throw new ShardKeyInvalidError(property, 'its normalizer threw an error, see the cause', { cause });
  }
}

/** Of the value as it is stored: a database that cuts off what is too long would keep another key. */
function tooLong(value: string, { maxLength }: KeyPart): string | undefined {
  if (maxLength === undefined || !isLonger(value, maxLength)) return undefined;
  return `the string is longer than the ${maxLength} characters of its column`;
}

function reasonToRefuse(text: string, { padded }: KeyPart): string | undefined {
  if (!isWellFormed(text)) return 'the string holds half of a surrogate pair, which has no UTF-8 form';
  if (text.includes('\0')) return 'the string holds the character U+0000, which not every database stores';
  if (padded === true && text.endsWith(' ')) return 'the string ends in blanks, which the database ignores when it compares';
  return undefined;
}

function isLonger(text: string, maxLength: number): boolean {
  if (text.length <= maxLength) return false;
  let length = 0;
  for (const _character of text) {
    length += 1;
    if (length > maxLength) return true;
  }
  return false;
}

/** Node 20 has this method, the library types of ES2023 do not. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
