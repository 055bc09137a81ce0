import { hash } from 'node:crypto';
import { hashPosition } from './hash-position';
import type { Layout } from './layout';
import { HASH_LINE_LENGTH } from './position';
import type { RingMember } from './ring-member';
import { ruleOf } from './rule';

/** The virtual nodes in no order, as columns. */
interface VirtualNodes {
  readonly positions: Float64Array;
  /** The index of each node's owner. */
  readonly owners: Int32Array;
  /** Which of its owner's nodes each is, from 0. */
  readonly numbers: Int32Array;
}

/**
 * Lays out the classic consistent-hash ring.
 *
 * Virtual node *i* of a shard stands at the MD5 of `name:i`. A key belongs to the first virtual node strictly after its own
 * position, wrapping round; of several nodes on one position the one with the smaller whole digest comes first. A shard has
 * `virtualNodes × weight` nodes, rounded, at least one. To the key the ring of MysqlConsistenceHashRing.
 *
 * @param owners - Members with a weight above 0, sorted by name.
 * @see Karger et al., "Consistent Hashing and Random Trees", STOC 1997.
 */
export function classicRingLayout(owners: readonly RingMember[], virtualNodes: number): Layout {
  const nodes = placeNodes(owners, virtualNodes);
  const order = Uint32Array.from(nodes.positions.keys()).sort(
    (a, b) => nodes.positions[a]! - nodes.positions[b]! || compareDigests(nodeText(owners, nodes, a), nodeText(owners, nodes, b)),
  );
  return {
    placement: 'hashRing',
    parameters: `virtualNodes=${virtualNodes}`,
    ...arcsBetween(nodes, order),
    rules: owners.map(({ name }) => ruleOf([name])),
    end: HASH_LINE_LENGTH,
  };
}

function placeNodes(owners: readonly RingMember[], virtualNodes: number): VirtualNodes {
  const counts = owners.map(({ weight }) => Math.max(1, Math.round(virtualNodes * weight)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const nodes = { positions: new Float64Array(total), owners: new Int32Array(total), numbers: new Int32Array(total) };
  let node = 0;
  owners.forEach(({ name }, owner) => {
    for (let number = 0; number < counts[owner]!; number += 1, node += 1) {
      nodes.positions[node] = hashPosition(`${name}:${number}`);
      nodes.owners[node] = owner;
      nodes.numbers[node] = number;
    }
  });
  return nodes;
}

function nodeText(owners: readonly RingMember[], nodes: VirtualNodes, node: number): string {
  return `${owners[nodes.owners[node]!]!.name}:${nodes.numbers[node]}`;
}

function compareDigests(a: string, b: string): number {
  return hash('md5', a) < hash('md5', b) ? -1 : 1;
}

/** Turns nodes into arcs: each owns from the node before it (inclusive) to itself, and the first also owns what follows the last. */
function arcsBetween(nodes: VirtualNodes, order: Uint32Array): Pick<Layout, 'starts' | 'ruleIndexes'> {
  const starts = new Float64Array(order.length + 1);
  const ruleIndexes = new Int32Array(order.length + 1);
  let length = 0;
  for (let arc = 0; arc <= order.length; arc += 1) {
    const start = arc === 0 ? 0 : nodes.positions[order[arc - 1]!]!;
    const end = arc === order.length ? HASH_LINE_LENGTH : nodes.positions[order[arc]!]!;
    const owner = nodes.owners[order[arc % order.length]!]!;
    if (start === end || (length > 0 && ruleIndexes[length - 1] === owner)) continue;
    starts[length] = start;
    ruleIndexes[length] = owner;
    length += 1;
  }
  return { starts: starts.slice(0, length), ruleIndexes: ruleIndexes.slice(0, length) };
}
