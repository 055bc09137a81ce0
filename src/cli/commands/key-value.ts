import type { KeyColumn } from '../../metadata';
import type { ShardKeyPart } from '../../routing';

/**
 * Turns the text of a key into a value of its column. Routing itself understands text of every type and says what is wrong with it;
 * only a transformer of the entity needs the value that the property would have.
 */
export function keyValue({ column, part }: KeyColumn, text: string): ShardKeyPart {
  if (!column.transformer) return text;
  if (part.type === 'date') return part.dayOnly ? text : dateOr(text);
  return part.type === 'integer' && /^-?\d+$/.test(text) ? integer(text) : text;
}

function integer(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function dateOr(text: string): Date | string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date;
}
