import { PositionUnownedError } from '../../errors';
import type { Position } from '../../routing';
import type { Topology } from '../../topology';

/** What a row is to the shard that it stands on. */
export type RowPlace = 'owned' | 'arrival' | 'departure' | 'misplaced';

/** Says what a row at a position is on a shard, by what calls are routed by; while rows move, copies that have a reason count apart. */
export function placeOf(
  { routes, plan }: Topology,
  group: string,
  { shard, position }: { readonly shard: string; readonly position: Position },
): RowPlace {
  const isOwner = (table: ReturnType<typeof routes.get>) => ownerIn(table, position) === shard;
  if (isOwner(routes.get(group))) return 'owned';
  const move = plan?.moves.get(group);
  const isMoving = move?.rows.some(({ since, upto }) => since <= position && position < upto);
  if (!move || !isMoving) return 'misplaced';
  if (isOwner(move.to)) return 'arrival';
  return isOwner(move.from) ? 'departure' : 'misplaced';
}

function ownerIn(table: { ownerOf(position: Position): string } | undefined, position: Position): string | undefined {
  try {
    return table?.ownerOf(position);
  } catch (error) {
    if (error instanceof PositionUnownedError) return undefined;
    throw error;
  }
}
