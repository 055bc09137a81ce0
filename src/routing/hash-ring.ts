import { ConfigurationError } from '../errors';
import { classicRingLayout } from './classic-ring';
import type { Layout } from './layout';
import type { Placement } from './placement';
import { checkMembers, type RingMember } from './ring-member';
import { RoutingTable } from './routing-table';
import type { ShardName } from './rule';
import { SLOT_COUNT, slotRingLayout } from './slot-ring';

/** Options of {@link hashRing}. */
export interface HashRingOptions {
  /**
   * Makes the ring the classic one, with this many virtual nodes for a shard of weight 1; an integer from 1 to 10000.
   *
   * @defaultValue none: the ring of 4096 equal slots
   */
  readonly virtualNodes?: number;
}

const MAX_VIRTUAL_NODES = 10_000;
const MAX_RING_NODES = 4_000_000;

/**
 * The consistent-hash ring, in two flavours.
 *
 * By default 4096 equal slots are handed out so that every shard has its exact share to within a slot or two; the map depends on
 * the one before it, so that a shard that joins only takes and one that leaves only gives. With `virtualNodes` it is the classic
 * ring, a pure function of names and weights.
 *
 * @see slotRingLayout
 * @see classicRingLayout
 */
export function hashRing(options: HashRingOptions = {}): Placement {
  const { virtualNodes } = options;
  return Object.freeze({
    kind: 'hashRing',
    positions: 'hash',
    describe: () => (virtualNodes === undefined ? 'hashRing()' : `hashRing({ virtualNodes: ${virtualNodes} })`),
    compile: (given: readonly (ShardName | RingMember)[], previous?: RoutingTable) =>
      new RoutingTable(compileRing(given, virtualNodes, previous)),
  });
}

function compileRing(given: readonly (ShardName | RingMember)[], virtualNodes: number | undefined, previous?: RoutingTable): Layout {
  const { members, faults } = checkMembers(given);
  const owners = members.filter(({ weight }) => weight > 0);
  const allFaults = [...nodeFaults(virtualNodes), ...faults, ...(faults.length === 0 ? ownerFaults(owners, virtualNodes) : [])];
  if (allFaults.length > 0) throw new ConfigurationError(allFaults);
  return virtualNodes === undefined ? slotRingLayout(owners, previous) : classicRingLayout(owners, virtualNodes);
}

function nodeFaults(virtualNodes: number | undefined): string[] {
  if (virtualNodes === undefined) return [];
  const isValid = Number.isInteger(virtualNodes) && virtualNodes >= 1 && virtualNodes <= MAX_VIRTUAL_NODES;
  return isValid ? [] : [`hashRing: virtualNodes must be an integer from 1 to ${MAX_VIRTUAL_NODES}.`];
}

function ownerFaults(owners: readonly RingMember[], virtualNodes: number | undefined): string[] {
  if (owners.length === 0) return ['hashRing: every shard has weight 0, so none owns anything.'];
  if (virtualNodes === undefined) {
    return owners.length > SLOT_COUNT ? [`hashRing: ${owners.length} shards with a weight above 0 cannot share ${SLOT_COUNT} slots.`] : [];
  }
  const nodes = virtualNodes * owners.reduce((sum, { weight }) => sum + weight, 0);
  return nodes > MAX_RING_NODES ? [`hashRing: the weights ask for more than ${MAX_RING_NODES} virtual nodes; make them smaller.`] : [];
}
