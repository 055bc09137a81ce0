import { lookUpOf, SLOT_LENGTH } from '../../fence';
import { difference, type Position, type RoutingTable, SLOT_COUNT } from '../../routing';
import type { PlanRow } from '../../topology';

/**
 * The rows of a plan, of which nothing has moved: on slots one for each slot that gets another owner, elsewhere one for each stretch that
 * comes under another rule, in two when 0 lies inside of it. In order, without overlap; every position whose owner changes is in one of
 * them, and none where both placements say the same.
 *
 * @throws {ConfigurationError} when the placements cannot be compared, or `to` leaves without an owner what has one.
 */
export function planRows(from: RoutingTable, to: RoutingTable): readonly PlanRow[] {
  if (lookUpOf(from) === 'slot' && lookUpOf(to) === 'slot') return changedSlots(from, to);
  return difference(from, to).flatMap(({ since, upto }) => acrossZero(since ?? Number.NEGATIVE_INFINITY, upto ?? Number.POSITIVE_INFINITY));
}

/** A row of which nothing has moved, and which no mover has taken yet. */
export function newRow(since: Position, upto: Position): PlanRow {
  return { since, upto, watermark: upto, token: 0 };
}

function changedSlots(from: RoutingTable, to: RoutingTable): readonly PlanRow[] {
  const begins = Array.from({ length: SLOT_COUNT }, (_, slot) => slot * SLOT_LENGTH);
  return begins.filter((begin) => from.ownerOf(begin) !== to.ownerOf(begin)).map((begin) => newRow(begin, begin + SLOT_LENGTH));
}

function acrossZero(since: Position, upto: Position): readonly PlanRow[] {
  return since < 0 && upto > 0 ? [newRow(since, 0), newRow(0, upto)] : [newRow(since, upto)];
}
