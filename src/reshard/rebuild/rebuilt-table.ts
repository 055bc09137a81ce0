import { HASH_LINE_LENGTH, type PlacementKind, type Position, RoutingTable, type Rule, readTable, writeTable } from '../../routing';

/** A stretch under one rule. */
export interface RuledStretch {
  readonly since: Position;
  readonly rule: Rule | 'nobody';
}

/** How a table is written besides its rules. */
export interface TableForm {
  readonly placement: PlacementKind;
  /** What the placement was made from; see `Layout`. */
  readonly parameters: string;
}

/** Makes a table of stretches in order, the first ones of which may be nobody's. @returns undefined when one in the middle is. */
export function rebuiltTable(stretches: readonly RuledStretch[], { placement, parameters }: TableForm): RoutingTable | undefined {
  const owned = stretches.slice(stretches.findIndex(({ rule }) => rule !== 'nobody'));
  const rules: Rule[] = [];
  const places = new Map<string, number>();
  const pieces: { readonly start: Position; readonly place: number }[] = [];
  for (const { since, rule } of owned) {
    if (rule === 'nobody') return undefined;
    const key = JSON.stringify(rule.shards);
    const place = places.get(key) ?? rules.push(rule) - 1;
    places.set(key, place);
    if (pieces.at(-1)?.place !== place) pieces.push({ start: since, place });
  }
  if (pieces.length === 0) return undefined;
  const end = placement === 'hashRing' ? HASH_LINE_LENGTH : Number.POSITIVE_INFINITY;
  const layout = {
    placement,
    parameters,
    starts: pieces.map(({ start }) => start),
    ruleIndexes: pieces.map(({ place }) => place),
    rules,
    end,
  };
  // Read as it would be from a store, so that a ring of slots has its slots again.
  return readTable(writeTable(new RoutingTable(layout)));
}
