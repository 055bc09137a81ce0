import { ConfigurationError } from '../errors';
import { entryPosition } from './entry-position';
import { type LayoutEntry, orderedLayout } from './layout';
import type { Placement } from './placement';
import type { Position } from './position';
import { checkMembers, type RingMember } from './ring-member';
import { RoutingTable } from './routing-table';
import type { ShardName } from './rule';

/** A start as the user writes it, or `-Infinity`, and the shards that own from there on. */
interface GivenEntry {
  readonly from: unknown;
  readonly shards: readonly ShardName[];
}

/** Makes a placement of ordered keys from its entries; what `ranges` and `modulo` have in common. */
export function orderedPlacement(kind: 'ranges' | 'modulo', given: readonly GivenEntry[], description: string): Placement {
  const entries = given.map(({ from, shards }) => ({
    from: from === Number.NEGATIVE_INFINITY ? from : entryPosition(from),
    shards: [...shards],
  }));
  const ownFaults = entryFaults(kind, entries);
  return Object.freeze({
    kind,
    positions: 'key',
    describe: () => description,
    compile: (members: readonly (ShardName | RingMember)[]) => {
      const checked = checkMembers(members);
      const known = new Set(checked.members.map(({ name }) => name));
      const faults = [...ownFaults, ...checked.faults, ...unknownFaults(kind, entries, known)];
      if (faults.length > 0) throw new ConfigurationError(faults);
      return new RoutingTable(orderedLayout(kind, entries as readonly LayoutEntry[]));
    },
  });
}

function entryFaults(kind: string, entries: readonly { from: Position | undefined; shards: readonly ShardName[] }[]): string[] {
  if (entries.length === 0) return [`${kind}: there is no entry.`];
  const seen = new Set<Position>();
  const faults: string[] = [];
  entries.forEach(({ from, shards }, index) => {
    if (shards.length === 0) faults.push(`${kind}: entry ${index + 1} names no shard.`);
    if (from === undefined) faults.push(`${kind}: "from" of entry ${index + 1} is neither an integer nor a date.`);
    else if (seen.has(from)) faults.push(`${kind}: several entries begin at ${from}.`);
    else seen.add(from);
  });
  return faults;
}

function unknownFaults(kind: string, entries: readonly { shards: readonly ShardName[] }[], known: ReadonlySet<ShardName>): string[] {
  const unknown = new Set(entries.flatMap(({ shards }) => shards).filter((shard) => !known.has(shard)));
  return [...unknown].map((shard) => `${kind}: there is no shard "${shard}".`);
}
