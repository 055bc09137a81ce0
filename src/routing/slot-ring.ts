import type { Layout } from './layout';
import { HASH_LINE_LENGTH } from './position';
import type { RingMember } from './ring-member';
import type { RoutingTable } from './routing-table';
import { ruleOf } from './rule';
import { handOut, releaseSlots, UNOWNED } from './slot-hand-out';
import { planSlots, slotQuotas } from './slot-plan';

/** How many equal slots the default ring has. */
export const SLOT_COUNT = 4096;

const SLOT_LENGTH = HASH_LINE_LENGTH / SLOT_COUNT;

/**
 * Lays out the default ring: 4096 equal slots, handed out by consistent hashing with bounded loads.
 *
 * The first hand-out is a pure function of names and weights, and gives every shard its exact share of the slots, rounded down or up,
 * at least one. Later ones start from the map in force: a shard that joins only takes, one that leaves only gives, other weights move
 * only the slots that they must.
 *
 * @param owners - 1 to 4096 members with a weight above 0, sorted by name.
 * @param previous - The table in force; used when its segments lie on slots, which a classic ring's do not.
 * @see Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018.
 * @see Thaler, Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM Transactions on Networking 6(1), 1998.
 */
export function slotRingLayout(owners: readonly RingMember[], previous?: RoutingTable): Layout {
  const names = owners.map(({ name }) => name);
  const slots = previousSlots(names, previous);
  const isStayer = names.map((name) => previous?.shards.includes(name) === true);
  const planned = planSlots(slots, slotQuotas(owners, SLOT_COUNT), isStayer);
  releaseSlots(slots, names, planned);
  handOut(slots, names, planned);
  return layoutOfSlots(slots, names);
}

/** Who owns each slot now, as an index into `names`. */
function previousSlots(names: readonly string[], previous: RoutingTable | undefined): Int32Array {
  const slots = new Int32Array(SLOT_COUNT).fill(UNOWNED);
  if (previous === undefined || !liesOnSlots(previous)) return slots;
  const indexByName = new Map(names.map((name, index) => [name, index]));
  return slots.map((_, slot) => indexByName.get(previous.ownerOf(slot * SLOT_LENGTH)) ?? UNOWNED);
}

function liesOnSlots({ placement, segments }: RoutingTable): boolean {
  return placement === 'hashRing' && segments.every(({ since }) => Number(since) % SLOT_LENGTH === 0);
}

function layoutOfSlots(slots: Int32Array, names: readonly string[]): Layout {
  const firsts = Array.from(slots.keys()).filter((slot) => slot === 0 || slots[slot] !== slots[slot - 1]);
  return {
    placement: 'hashRing',
    parameters: `slots=${SLOT_COUNT}`,
    starts: Float64Array.from(firsts, (slot) => slot * SLOT_LENGTH),
    ruleIndexes: Int32Array.from(firsts, (slot) => slots[slot]!),
    rules: names.map((name) => ruleOf([name])),
    end: HASH_LINE_LENGTH,
    slots: Uint16Array.from(slots),
  };
}

/** A map of whole slots as a layout of the default ring; undefined for a table that has borders within slots. */
export function slotLayoutOf(table: RoutingTable): Layout | undefined {
  if (!liesOnSlots(table)) return undefined;
  const names = [...table.shards];
  return layoutOfSlots(previousSlots(names, table), names);
}
