import { type Layout, RoutingTable, SLOT_COUNT, slotLayoutOf } from '../../routing';
import { type GroupMove, movingTable, type TopologyPlan } from '../../topology';
import { isMoved } from './plan-edits';

/** The placements that a plan which ends half-way leaves: what has moved under the new one, the rest under the old. */
export function mixedTables({ moves }: Pick<TopologyPlan, 'moves'>): ReadonlyMap<string, RoutingTable> {
  return new Map([...moves].map(([group, move]) => [group, mixedTable(move)] as const));
}

/** Whether what has moved of a plan can become a placement that further plans go on from: only the default ring's map can. */
export function isMixable({ from }: GroupMove): boolean {
  return from.layout.parameters === `slots=${SLOT_COUNT}`;
}

function mixedTable(move: GroupMove): RoutingTable {
  if (!move.rows.some(isMoved)) return move.from;
  if (move.rows.every(isMoved)) return move.to;
  const mixed = movingTable(move.from, move.to, move.rows);
  const layout: Layout | undefined = isMixable(move) ? slotLayoutOf(mixed) : undefined;
  return layout ? new RoutingTable(layout) : mixed;
}
