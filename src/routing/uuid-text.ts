import { ShardKeyInvalidError } from '../errors';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Writes a UUID key in lower case, because databases compare UUIDs without regard to case.
 *
 * @throws ShardKeyInvalidError for anything but a string in the hyphenated 8-4-4-4-12 form.
 */
export function uuidText(value: unknown, property: string): string {
  if (typeof value === 'string' && UUID.test(value)) return value.toLowerCase();
  throw new ShardKeyInvalidError(property, 'a UUID key must be a string in the hyphenated form 8-4-4-4-12');
}
