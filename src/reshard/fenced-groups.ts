import { type FencedGroup, lookUpOf } from '../fence';
import type { TopologyPlan, TopologyState } from '../topology';

/**
 * The groups of a topology as the fence takes them. Rows are found by slot only where both placements of a group that moves lie on slots.
 * Guards that outlive their plan do not know of it: the next one moves what it left.
 *
 * @param names - which groups; all without it.
 */
export function fencedGroups(
  { tables, plan }: Pick<TopologyState, 'tables' | 'plan'>,
  names: Iterable<string> = tables.keys(),
): readonly FencedGroup[] {
  return [...names].flatMap((name) => {
    const move = plan?.moves.get(name);
    const shown = [tables.get(name), move?.from, move?.to].filter((table) => table !== undefined);
    if (shown.length === 0) return [];
    const lookUp = shown.every((table) => lookUpOf(table) === 'slot') ? 'slot' : 'range';
    return [{ name, lookUp, between: plan?.guard === 'while-resharding' ? move : undefined }];
  });
}

/**
 * The groups of a plan whose guards must stand now: they are being made in `preparing` and dropped in `disarming`, and a plan that was
 * cancelled before anything moved may never have made them.
 */
export function armedGroups({ phase, moves }: Pick<TopologyPlan, 'phase' | 'moves'>): readonly string[] {
  if (phase === 'preparing' || phase === 'disarming') return [];
  const armed = [...moves].filter(([, { from, to }]) => phase !== 'cleaning' || from.checksum !== to.checksum);
  return armed.map(([group]) => group);
}
