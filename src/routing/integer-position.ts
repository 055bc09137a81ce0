import { ShardKeyInvalidError } from '../errors';
import { canonicalPart } from './canonical-key';
import { dateMs } from './date-text';
import type { KeyPart } from './key-part';
import { type Position, positionOf } from './position';

/**
 * Gives an ordered key its position: an integer is its own, a date is its milliseconds since the epoch.
 *
 * @throws ShardKeyInvalidError when the value cannot route, or when the column is a string or UUID, which has no order that
 *   every database shares.
 */
export function integerPosition(value: unknown, part: KeyPart): Position {
  if (part.type === 'string' || part.type === 'uuid') {
    throw new ShardKeyInvalidError(part.property, `ranges and modulo need an integer or date key, not a ${part.type}`);
  }
  if (typeof value === 'number' && part.type === 'integer' && Number.isSafeInteger(value)) return value + 0;
  const text = canonicalPart(value, part);
  return part.type === 'date' ? dateMs(value, part) : positionOf(BigInt(text));
}
