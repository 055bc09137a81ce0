import { ConfigurationError } from '../errors';
import { earlierOf, laterOf, type Position } from './position';
import type { RoutingTable } from './routing-table';
import { isSameRule, type Rule } from './rule';
import { finiteOrNull, type Segment } from './segment';

/** A stretch of the line that comes under another rule. */
export interface Difference {
  /** Where it begins (inclusive); null: it has no beginning. */
  readonly since: Position | null;
  /** Where it ends (exclusive); null: it has no end. */
  readonly upto: Position | null;
  /** The rule of the first table. */
  readonly from: Rule;
  /** The rule of the second table. */
  readonly to: Rule;
}

/**
 * Compares two tables: lists the segments whose rule changes, in order, each as long as it can be.
 *
 * Outside of them no key changes its owner. What only the second table covers had no owner, so no row can be there, and it is not listed.
 *
 * @throws ConfigurationError when one table hashes keys and the other does not, or when `to` leaves without an owner what has one.
 */
export function difference(from: RoutingTable, to: RoutingTable): readonly Difference[] {
  checkComparable(from, to);
  // At the border of two stretches one of the tables changes its rule, so no two differences side by side are alike.
  const differences = [...overlaps(from.segments, to.segments)].filter((stretch) => !isSameRule(stretch.from, stretch.to));
  return Object.freeze(differences.map((each) => Object.freeze(each)));
}

function checkComparable(from: RoutingTable, to: RoutingTable): void {
  if ((from.placement === 'hashRing') !== (to.placement === 'hashRing')) {
    throw new ConfigurationError([`${from.placement} and ${to.placement} cannot be compared: one places hashes of keys, the other keys.`]);
  }
  const [oldStart, newStart] = [startOf(from.segments[0]!), startOf(to.segments[0]!)];
  if (oldStart >= newStart) return;
  const beginning = oldStart === Number.NEGATIVE_INFINITY ? 'Keys' : `Keys from ${oldStart} on`;
  throw new ConfigurationError([`${beginning} have an owner now, but none below ${newStart} in the new ${to.placement} placement.`]);
}

/** Walks both tables at once and yields each stretch that lies in one segment of either. */
function* overlaps(from: readonly Segment[], to: readonly Segment[]): Generator<Difference> {
  let [source, target] = [0, 0];
  while (source < from.length && target < to.length) {
    const [old, next] = [from[source]!, to[target]!];
    const since = laterOf(startOf(old), startOf(next));
    const upto = earlierOf(endOf(old), endOf(next));
    if (since < upto) yield { since: finiteOrNull(since), upto: finiteOrNull(upto), from: old.rule, to: next.rule };
    if (endOf(old) <= endOf(next)) source += 1;
    if (endOf(next) <= endOf(old)) target += 1;
  }
}

function startOf({ since }: Segment): Position {
  return since ?? Number.NEGATIVE_INFINITY;
}

function endOf({ upto }: Segment): Position {
  return upto ?? Number.POSITIVE_INFINITY;
}
