import type { SortPlan } from './order';
import type { ScatterCall } from './scatter-call';
import { unsupported } from './select-reading';

/**
 * Checks that every row has one place of its own in the order, so that rows can be asked for after one another.
 *
 * @throws {ScatterUnsupportedError} for an order by a to-many relation, and for rows without a primary key.
 */
export function refuseUnstable(call: ScatterCall, { terms, keyPlaces }: SortPlan): void {
  const several = terms.find(({ isToMany }) => isToMany);
  if (several) throw unsupported(call, `an order by ${several.name}, of which an entity can have several,`);
  if (keyPlaces.length === 0) throw unsupported(call, 'rows that have no primary key, and so no place of their own,');
}
